/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A test of a trained head, upstream's {@code test_word_task.py}.
 *
 * @param model the model
 * @param headFolder {@code cls_addr}: the folder of the head
 * @param outputDir {@code output_dir}: where {@code result_summary.json} goes
 * @param head the head
 * @param datasetName {@code dataset_name}, whose split {@code test} is read
 * @param testFile {@code test_file}: sentences to test on instead; not upstream's key
 * @param access where data is found and kept
 * @param maxSeqLength {@code max_seq_length}
 * @param batchSize {@code batch_size}
 * @param seed {@code seed}, which only matters with {@code dropoutAtTest}
 * @param dropoutAtTest {@code dropout_at_test}: whether the head's dropout stays on as in upstream;
 *     not upstream's key
 */
public record WordTestConfig(
    ModelArguments model,
    Path headFolder,
    Path outputDir,
    WordHeadArguments head,
    Optional<String> datasetName,
    Optional<Path> testFile,
    DataAccess access,
    int maxSeqLength,
    int batchSize,
    int seed,
    boolean dropoutAtTest) {

  static WordTestConfig read(ConfigValues values) {
    Optional<String> dataset = values.optionalText("dataset_name");
    Optional<Path> file = values.optionalText("test_file").map(Path::of);
    if (dataset.isPresent() == file.isPresent()) {
      throw values.invalid("dataset_name", "give either dataset_name or test_file");
    }
    Path head = Path.of(values.requiredText("cls_addr", "name the folder of the trained head"));
    Path output = Path.of(values.requiredText("output_dir", "say where results are written"));
    noteForeignHead(values, head, output);
    return new WordTestConfig(
        ModelArguments.readForWordTask(values),
        head,
        output,
        WordHeadArguments.read(values),
        dataset,
        file,
        DataAccess.read(values),
        values.whole("max_seq_length", 1024, 2),
        values.whole("batch_size", 32, 1),
        values.whole("seed", 32, 0),
        values.flag("dropout_at_test", false));
  }

  /**
   * One of upstream's test files names the head of another model; results lie below the run whose
   * head they are of.
   */
  private static void noteForeignHead(ConfigValues values, Path head, Path output) {
    Path run = head.getParent();
    boolean results = output.toString().contains("results");
    if (run != null && results && !output.startsWith(run)) {
      values.note(
          ("cls_addr %s belongs to another run than output_dir %s; if that is not meant,"
                  + " say --cls_addr FOLDER")
              .formatted(head, output));
    }
  }
}
