/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.trainer.config.TextDataArguments;
import io.github.llm2vec.trainer.config.WordTaskConfig;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DatasetFolders;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The training and the validation split of a word task with their labels.
 *
 * @param labels the labels of both
 * @param training sentences to train on
 * @param validation sentences to validate with, if there are any
 */
record WordSets(LabelSet labels, WordData training, Optional<WordData> validation) {

  /** Reads the sets of a configuration; without a validation set the first percents are it. */
  static WordSets read(
      WordTaskConfig config, WordModel model, DatasetFolders folders, CorruptLines corrupt)
      throws IOException {
    TextDataArguments data = config.data();
    List<Path> training =
        files(data, data.trainFile(), DatasetFolders.Split.TRAIN, folders)
            .orElseThrow(
                () -> new NoSuchFileException("train_file", null, "there is nothing to train on"));
    LabelSet labels = WordData.labels(data.datasetName(), config.head().task(), training, corrupt);
    WordData.Settings settings =
        new WordData.Settings(
            model.tokenizer(),
            config.head().task(),
            labels,
            config.head().labels(),
            model.maxLength());
    WordData all = WordData.read(training, settings, corrupt);
    Optional<List<Path>> validation =
        files(data, data.validationFile(), DatasetFolders.Split.VALIDATION, folders);
    if (validation.isPresent()) {
      WordData held = WordData.read(validation.get(), settings, corrupt);
      return new WordSets(
          labels,
          first(all, data.maxTrainSamples()),
          Optional.of(first(held, data.maxEvalSamples())));
    }
    List<WordData> parts = all.split(data.validationPercent());
    Optional<WordData> held = Optional.of(parts.get(0)).filter(part -> !part.rows().isEmpty());
    return new WordSets(
        labels,
        first(parts.get(1), data.maxTrainSamples()),
        held.map(part -> first(part, data.maxEvalSamples())));
  }

  private static WordData first(WordData data, OptionalInt most) {
    return most.isPresent() ? data.first(most.getAsInt()) : data;
  }

  private static Optional<List<Path>> files(
      TextDataArguments data,
      Optional<Path> file,
      DatasetFolders.Split split,
      DatasetFolders folders)
      throws IOException {
    return data.datasetName().isPresent()
        ? folders
            .find(data.datasetName().get(), data.datasetConfig(), split)
            .map(DatasetFolders.Found::files)
        : file.map(List::of);
  }
}
