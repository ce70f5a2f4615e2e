/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.WordTaskConfig;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.wordtask.WordModel;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Unmatched;

/** {@code llm2vec word-task train}: a head is trained on the states of a frozen model. */
@Command(
    name = "train",
    description = "Trains the head of a word task.",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec word-task train train_configs/word-task/Llama2-bi-mntp.json",
      "  llm2vec word-task train my-task.json --learning_rate 1e-3 --stop_after_n_steps 500",
      "",
      "Any key of the file can be given as an option. docs/word-tasks.md explains the keys."
    })
final class WordTaskTrainCommand implements Callable<Integer> {

  private final Console console;
  private final ModelFinder finder;

  @Parameters(index = "0", paramLabel = "CONFIG", description = "JSON file of upstream's keys.")
  private Path config;

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  @Unmatched private List<String> keys = new ArrayList<>();

  WordTaskTrainCommand(Console console, ModelFinder finder) {
    this.console = console;
    this.finder = finder;
  }

  @Override
  public Integer call() throws IOException {
    ResolvedConfig<WordTaskConfig> resolved = ConfigFiles.wordTask(config, keys);
    resolved.notes().forEach(console.err()::println);
    WordTaskConfig task = resolved.config();
    RunArguments run = task.training().run();
    boolean watched = console.watched() && !run.disableTqdm().orElse(false);
    WordTaskModels models = new WordTaskModels(console, finder, allowDownload);
    try (StopSignal stop = StopSignal.onInterrupt();
        WordTaskDisplay display = new WordTaskDisplay(console, watched, stop);
        WordModel model = models.open(task.model(), task.data().maxSeqLength(), run.useCpu())) {
      DatasetFolders folders =
          new DatasetFolders(task.data().access().datasetDir(), finder.hub().cache());
      WordTaskTraining.Outcome outcome = new WordTaskTraining(task, model, folders, display).run();
      display.endStage();
      if (!outcome.finished()) {
        console.err().println("llm2vec: stopped; " + WordTaskDisplay.GOING_ON);
        return ExitCode.SOFTWARE;
      }
      Files.writeString(run.outputDir().resolve("config.resolved.json"), resolved.toJson());
      outcome
          .scores()
          .ifPresent(scores -> WordTaskDisplay.print(console.out(), scores, task.head().task()));
      console.err().println("The head is in " + run.outputDir());
      return ExitCode.OK;
    } catch (WordTaskTraining.StoppedException e) {
      console.err().println("llm2vec: " + e.getMessage());
      return ExitCode.SOFTWARE;
    }
  }
}
