/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code llm2vec word-task}: names its two commands. */
@Command(
    name = "word-task",
    description = "Trains and tests a head that labels words: parts of speech, phrases, names.",
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec word-task train train_configs/word-task/Llama2-bi-mntp.json",
      "  llm2vec word-task test test_configs/word-task/Llama2-bi-mntp.json"
    })
public final class WordTaskCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
