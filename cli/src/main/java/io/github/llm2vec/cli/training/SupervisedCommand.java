/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.SupervisedConfig;
import io.github.llm2vec.trainer.loop.Trainer;
import io.github.llm2vec.trainer.loop.TrainingRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code llm2vec supervised}: contrastive training on pairs and triples. */
@Command(
    name = "supervised",
    description = {
      "Trains an encoder on queries, their documents and hard negatives,",
      "the supervised stage of LLM2Vec. Writes a LoRA adapter."
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec supervised train_configs/supervised/Sheared-Llama.json",
      "  llm2vec supervised my.json --dataset_name jsonl --dataset_file_path triples.jsonl",
      "",
      "Ctrl-C saves; the same command with --resume_from_checkpoint true goes on.",
      "docs/training.md tells more, docs/training-configs.md explains every key."
    })
public final class SupervisedCommand extends TrainingCommand<SupervisedConfig> {

  public SupervisedCommand(Console console, ModelFinder finder) {
    super(console, finder);
  }

  @Override
  ResolvedConfig<SupervisedConfig> read(Path file, List<String> options) throws IOException {
    return ConfigFiles.supervised(file, options);
  }

  @Override
  Trainer.Output run(TrainingRuns runs, ResolvedConfig<SupervisedConfig> resolved)
      throws IOException {
    return runs.supervised(resolved);
  }

  @Override
  Optional<ModelArguments> base(SupervisedConfig config) {
    return config.lora().fullFinetuning() ? Optional.empty() : Optional.of(config.model());
  }
}
