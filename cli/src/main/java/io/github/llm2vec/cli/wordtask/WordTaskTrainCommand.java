/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.WordTaskConfig;
import io.github.llm2vec.trainer.wordtask.WordModel;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

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
public final class WordTaskTrainCommand extends WordTaskRunCommand<WordTaskConfig> {

  public WordTaskTrainCommand(Console console, ModelFinder finder) {
    super(console, finder);
  }

  @Override
  ResolvedConfig<WordTaskConfig> read(Path file, List<String> options) throws IOException {
    return ConfigFiles.wordTask(file, options);
  }

  @Override
  int run(ResolvedConfig<WordTaskConfig> resolved, InterruptHandler stop) throws IOException {
    WordTaskConfig task = resolved.config();
    RunArguments run = task.training().run();
    boolean watched = console().watched() && !run.disableTqdm().orElse(false);
    try (WordTaskDisplay display = new WordTaskDisplay(console(), watched, stop);
        WordModel model = open(task.model(), task.data().maxSeqLength(), run.useCpu())) {
      WordTaskTraining.Outcome outcome =
          new WordTaskTraining(resolved, model, datasets(task.data().access()), display).run();
      display.endStage();
      if (!outcome.finished()) {
        console().err().println("llm2vec: stopped; " + WordTaskDisplay.GOING_ON);
        return ExitCode.SOFTWARE;
      }
      Files.writeString(run.outputDir().resolve("config.resolved.json"), resolved.toJson());
      outcome
          .scores()
          .ifPresent(scores -> WordTaskDisplay.print(console().out(), scores, task.head().task()));
      console().err().println("The head is in " + run.outputDir());
      return ExitCode.OK;
    }
  }
}
