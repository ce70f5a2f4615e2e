/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.MntpConfig;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.loop.Trainer;
import io.github.llm2vec.trainer.loop.TrainingRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code llm2vec mntp}: masked next token prediction, the first stage. */
@Command(
    name = "mntp",
    description = {
      "Trains a model to predict masked tokens with attention both ways (MNTP),",
      "the first stage of LLM2Vec. Writes a LoRA adapter."
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec mntp train_configs/mntp/Sheared-Llama.json --dataset_dir ~/datasets",
      "  llm2vec mntp my.json --learning_rate 1e-4 --output_dir output/mntp/again",
      "",
      "Ctrl-C saves; the same command with --resume_from_checkpoint true goes on.",
      "docs/training.md tells more, docs/training-configs.md explains every key."
    })
public final class MntpCommand extends TrainingCommand<MntpConfig> {

  public MntpCommand(Console console, ModelFinder finder) {
    super(console, finder);
  }

  @Override
  ResolvedConfig<MntpConfig> read(Path file, List<String> options) throws IOException {
    return ConfigFiles.mntp(file, options);
  }

  @Override
  Trainer.Output run(TrainingRuns runs, ResolvedConfig<MntpConfig> resolved) throws IOException {
    return runs.mntp(resolved);
  }

  @Override
  Optional<ModelArguments> base(MntpConfig config) {
    return config.lora().fullFinetuning() ? Optional.empty() : Optional.of(config.model());
  }
}
