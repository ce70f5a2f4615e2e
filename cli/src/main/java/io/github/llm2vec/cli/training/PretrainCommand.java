/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.PretrainConfig;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.loop.Trainer;
import io.github.llm2vec.trainer.loop.TrainingRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code llm2vec pretrain}: a language model from nothing. */
@Command(
    name = "pretrain",
    description = {
      "Makes a causal language model from nothing: random weights of a given",
      "architecture are trained on texts. Writes a plain model folder."
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec pretrain my.json --config_name models/tiny --tokenizer_name models/tiny",
      "",
      "Ctrl-C saves; the same command with --resume_from_checkpoint true goes on.",
      "docs/training.md tells more, docs/training-configs.md explains every key."
    })
public final class PretrainCommand extends TrainingCommand<PretrainConfig> {

  public PretrainCommand(Console console, ModelFinder finder) {
    super(console, finder);
  }

  @Override
  ResolvedConfig<PretrainConfig> read(Path file, List<String> options) throws IOException {
    return ConfigFiles.pretrain(file, options);
  }

  @Override
  Trainer.Output run(TrainingRuns runs, ResolvedConfig<PretrainConfig> resolved)
      throws IOException {
    return runs.pretrain(resolved);
  }

  @Override
  Optional<ModelArguments> base(PretrainConfig config) {
    return Optional.empty();
  }
}
