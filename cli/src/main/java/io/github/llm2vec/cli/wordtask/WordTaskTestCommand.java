/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.WordTestConfig;
import io.github.llm2vec.trainer.wordtask.WordModel;
import io.github.llm2vec.trainer.wordtask.WordScores;
import io.github.llm2vec.trainer.wordtask.WordTaskTesting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

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
public final class WordTaskTestCommand extends WordTaskRunCommand<WordTestConfig> {

  public WordTaskTestCommand(Console console, ModelFinder finder) {
    super(console, finder);
  }

  @Override
  ResolvedConfig<WordTestConfig> read(Path file, List<String> options) throws IOException {
    return ConfigFiles.wordTest(file, options);
  }

  @Override
  int run(ResolvedConfig<WordTestConfig> resolved, InterruptHandler stop) throws IOException {
    WordTestConfig test = resolved.config();
    resolved.notes().forEach(console().err()::println);
    try (WordTaskDisplay display = new WordTaskDisplay(console(), console().watched(), stop);
        WordModel model = open(test.model(), OptionalInt.of(test.maxSeqLength()), false)) {
      WordTaskTesting testing = new WordTaskTesting(test, model, datasets(test.access()), display);
      WordScores scores = testing.run();
      display.endStage();
      WordTaskDisplay.print(console().out(), scores, test.head().task());
      console().err().println("The figures are in " + testing.summary());
      return ExitCode.OK;
    }
  }
}
