/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.trainer.config.TextDataArguments;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFile;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.data.DatasetFolders.Found;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.TextFiles;
import io.github.llm2vec.trainer.data.TextStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The training and the validation split of a text dataset, as a configuration names them. Where
 * there is no validation set, the first percents of the training set are it, as upstream splits it.
 *
 * @param training what is trained on, if there is any
 * @param validation what is validated with, if there is any
 */
record DatasetSplits(Optional<Part> training, Optional<Part> validation) {

  /**
   * Texts of files, all or some.
   *
   * @param files the files
   * @param from the first text
   * @param to the text after the last one; beyond the end for all
   */
  record Part(Found files, long from, long to) {

    RecordStream<String> open(CorruptLines corrupt) throws IOException {
      return new RecordStream.Slice<>(
          TextFiles.open(files.files(), files.style(), corrupt), from, to);
    }

    /** Counts the texts, reading them all. */
    long count(CorruptLines corrupt) throws IOException {
      try (RecordStream<String> texts = open(corrupt)) {
        return texts.count();
      }
    }

    /** What the texts depend on. */
    String describe() throws IOException {
      StringBuilder description = new StringBuilder();
      for (Path file : files.files()) {
        description.append(
            "%s %s %s\n"
                .formatted(
                    file.toAbsolutePath(), Files.size(file), Files.getLastModifiedTime(file)));
      }
      return description.append("%s %s %s".formatted(files.style(), from, to)).toString();
    }
  }

  static DatasetSplits find(TextDataArguments data, DatasetFolders folders, CorruptLines corrupt)
      throws IOException {
    Optional<Found> train = files(data, DatasetFolders.Split.TRAIN, data.trainFile(), folders);
    Optional<Found> validation =
        files(data, DatasetFolders.Split.VALIDATION, data.validationFile(), folders);
    if (validation.isPresent() || train.isEmpty() || data.validationPercent() == 0) {
      return new DatasetSplits(train.map(DatasetSplits::all), validation.map(DatasetSplits::all));
    }
    Part whole = all(train.get());
    // Python's round, which takes the even number of two that are equally near.
    long held = (long) Math.rint(whole.count(corrupt) * (data.validationPercent() / 100.0));
    return new DatasetSplits(
        Optional.of(new Part(train.get(), held, Long.MAX_VALUE)),
        held == 0 ? Optional.empty() : Optional.of(new Part(train.get(), 0, held)));
  }

  private static Part all(Found files) {
    return new Part(files, 0, Long.MAX_VALUE);
  }

  private static Optional<Found> files(
      TextDataArguments data,
      DatasetFolders.Split split,
      Optional<Path> file,
      DatasetFolders folders)
      throws IOException {
    if (data.datasetName().isPresent()) {
      return folders.find(data.datasetName().get(), data.datasetConfig(), split);
    }
    if (file.isPresent()) {
      DataFile.requireFile(file.get());
    }
    return file.map(path -> new Found(List.of(path), TextStyle.LINE));
  }
}
