/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.WordTestConfig;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.wordtask.WordModel;
import io.github.llm2vec.trainer.wordtask.WordScores;
import io.github.llm2vec.trainer.wordtask.WordTaskTesting;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Unmatched;

/** {@code llm2vec word-task test}: a trained head is measured. */
@Command(
    name = "test",
    description = "Tests the head of a word task.",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec word-task test test_configs/word-task/Llama2-bi-mntp.json",
      "  llm2vec word-task test my-test.json --cls_addr output/my-task/checkpoint-500",
      "",
      "Any key of the file can be given as an option. The figures go to result_summary.json."
    })
final class WordTaskTestCommand implements Callable<Integer> {

  private final Console console;
  private final ModelFinder finder;

  @Parameters(index = "0", paramLabel = "CONFIG", description = "JSON file of upstream's keys.")
  private Path config;

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  @Unmatched private List<String> keys = new ArrayList<>();

  WordTaskTestCommand(Console console, ModelFinder finder) {
    this.console = console;
    this.finder = finder;
  }

  @Override
  public Integer call() throws IOException {
    ResolvedConfig<WordTestConfig> resolved = ConfigFiles.wordTest(config, keys);
    resolved.notes().forEach(console.err()::println);
    WordTestConfig test = resolved.config();
    WordTaskModels models = new WordTaskModels(console, finder, allowDownload);
    try (StopSignal stop = StopSignal.onInterrupt();
        WordTaskDisplay display = new WordTaskDisplay(console, console.watched(), stop);
        WordModel model = models.open(test.model(), OptionalInt.of(test.maxSeqLength()), false)) {
      WordTaskTesting testing =
          new WordTaskTesting(
              test,
              model,
              new DatasetFolders(test.access().datasetDir(), finder.hub().cache()),
              display);
      WordScores scores = testing.run();
      display.endStage();
      WordTaskDisplay.print(console.out(), scores, test.head().task());
      console.err().println("The figures are in " + testing.summary());
      return ExitCode.OK;
    } catch (WordTaskTraining.StoppedException e) {
      console.err().println("llm2vec: stopped; nothing was written");
      return ExitCode.SOFTWARE;
    }
  }
}
