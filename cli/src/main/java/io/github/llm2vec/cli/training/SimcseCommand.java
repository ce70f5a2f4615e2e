/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.SimcseConfig;
import io.github.llm2vec.trainer.loop.Trainer;
import io.github.llm2vec.trainer.loop.TrainingRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code llm2vec simcse}: unsupervised contrastive training, the second stage. */
@Command(
    name = "simcse",
    description = {
      "Trains an encoder to tell texts apart without any labels (SimCSE),",
      "the second stage of LLM2Vec. Writes a LoRA adapter."
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec simcse train_configs/simcse/Sheared-Llama.json \\",
      "      --peft_model_name_or_path output/mntp/Sheared-LLaMA-1.3B",
      "",
      "Ctrl-C saves; the same command with --resume_from_checkpoint true goes on.",
      "docs/training.md tells more, docs/training-configs.md explains every key."
    })
public final class SimcseCommand extends TrainingCommand<SimcseConfig> {

  public SimcseCommand(Console console, ModelFinder finder) {
    super(console, finder);
  }

  @Override
  ResolvedConfig<SimcseConfig> read(Path file, List<String> options) throws IOException {
    return ConfigFiles.simcse(file, options);
  }

  @Override
  Trainer.Output run(TrainingRuns runs, ResolvedConfig<SimcseConfig> resolved) throws IOException {
    return runs.simcse(resolved);
  }

  @Override
  Optional<ModelArguments> base(SimcseConfig config) {
    return config.lora().fullFinetuning() ? Optional.empty() : Optional.of(config.model());
  }
}
