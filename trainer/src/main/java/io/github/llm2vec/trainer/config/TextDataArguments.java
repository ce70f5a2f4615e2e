/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The texts (or, for word tasks, sentences of words) that a run reads.
 *
 * @param datasetName {@code dataset_name}
 * @param datasetConfig {@code dataset_config_name}
 * @param trainFile {@code train_file}
 * @param validationFile {@code validation_file}
 * @param validationPercent {@code validation_split_percentage}: the part at the start of the
 *     training set that is held out if there is no validation set
 * @param maxSeqLength {@code max_seq_length}; if unsaid, what the tokenizer allows, 1024 at most
 * @param workers {@code preprocessing_num_workers}: into how many parts the texts are cut before
 *     they are grouped; 1 if unsaid
 * @param lineByLine {@code line_by_line}: whether every text is a sequence of its own, rather than
 *     a part of a stream that is cut into equal blocks
 * @param padToMaxLength {@code pad_to_max_length}
 * @param maxTrainSamples {@code max_train_samples}: most training sequences
 * @param maxEvalSamples {@code max_eval_samples}: most validation sequences
 * @param streaming {@code streaming}: whether texts are tokenized while training goes on, in nearly
 *     the order of the file, rather than all before it
 * @param shuffleBuffer {@code shuffle_buffer_size}: sequences that are mixed when streaming
 * @param overwriteCache {@code overwrite_cache}: whether tokenized texts of an earlier run are made
 *     again
 * @param access where data is found and kept
 */
public record TextDataArguments(
    Optional<String> datasetName,
    Optional<String> datasetConfig,
    Optional<Path> trainFile,
    Optional<Path> validationFile,
    int validationPercent,
    OptionalInt maxSeqLength,
    int workers,
    boolean lineByLine,
    boolean padToMaxLength,
    OptionalInt maxTrainSamples,
    OptionalInt maxEvalSamples,
    boolean streaming,
    int shuffleBuffer,
    boolean overwriteCache,
    DataAccess access) {

  static TextDataArguments read(ConfigValues values) {
    TextDataArguments arguments =
        new TextDataArguments(
            values.optionalText("dataset_name"),
            values.optionalText("dataset_config_name"),
            values.optionalText("train_file").map(Path::of),
            values.optionalText("validation_file").map(Path::of),
            percent(values),
            values.optionalWhole("max_seq_length", 2),
            values.whole("preprocessing_num_workers", 1, 1),
            values.flag("line_by_line", false),
            values.flag("pad_to_max_length", false),
            values.optionalWhole("max_train_samples", 1),
            values.optionalWhole("max_eval_samples", 1),
            values.flag("streaming", false),
            values.whole("shuffle_buffer_size", 10_000, 1),
            values.flag("overwrite_cache", true),
            DataAccess.read(values));
    arguments.check(values);
    return arguments;
  }

  static int percent(ConfigValues values) {
    int percent = values.whole("validation_split_percentage", 5, 0);
    if (percent > 99) {
      throw values.invalid(
          "validation_split_percentage", "expected at most 99 percent, found " + percent);
    }
    return percent;
  }

  private void check(ConfigValues values) {
    boolean files = trainFile.isPresent() || validationFile.isPresent();
    if (datasetName.isEmpty() && !files) {
      throw values.invalid(
          "train_file", "is missing, and dataset_name and validation_file, too; name the data");
    }
    if (datasetName.isPresent() && files) {
      throw values.invalid(
          "dataset_name", "contradicts train_file and validation_file; keep one of the two ways");
    }
    if (datasetConfig.isPresent() && datasetName.isEmpty()) {
      throw values.invalid("dataset_config_name", "has no meaning without dataset_name");
    }
    if (streaming && !values.has("max_steps")) {
      throw values.invalid(
          "streaming", "leaves the length of an epoch unknown; say how long to train by max_steps");
    }
  }
}
