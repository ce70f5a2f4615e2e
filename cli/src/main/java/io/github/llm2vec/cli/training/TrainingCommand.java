/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.LoadingDisplay;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.DistillConfig;
import io.github.llm2vec.trainer.config.LoraArguments;
import io.github.llm2vec.trainer.config.MntpConfig;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.PretrainConfig;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.SimcseConfig;
import io.github.llm2vec.trainer.config.StudentArguments;
import io.github.llm2vec.trainer.config.SupervisedConfig;
import io.github.llm2vec.trainer.config.TrainConfig;
import io.github.llm2vec.trainer.loop.Trainer;
import io.github.llm2vec.trainer.loop.TrainingRuns;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The commands that train by a configuration file, one nested class for each kind of training.
 *
 * @param <C> the kind of configuration
 */
public abstract sealed class TrainingCommand<C extends TrainConfig> implements Callable<Integer> {

  private static final int MOST_TOKENIZER_THREADS = 16;

  private static final String GOING_ON =
      "%nCtrl-C saves; the same command with --resume_from_checkpoint true goes on."
          + "%ndocs/training.md tells more, docs/training-configs.md explains every key.";

  private final ModelFinder finder;
  private final ConfigFiles<C> files;
  private final Runner<C> runner;
  private final Function<C, Optional<ModelArguments>> base;

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  @Parameters(index = "0", paramLabel = "CONFIG", description = "JSON file of the run.")
  private Path config;

  @Parameters(
      index = "1..*",
      paramLabel = "--KEY VALUE",
      description = "Keys that replace those of the file, such as --learning_rate 1e-4.")
  private List<String> keys = List.of();

  private TrainingCommand(
      ModelFinder finder,
      ConfigFiles<C> files,
      Runner<C> runner,
      Function<C, Optional<ModelArguments>> base) {
    this.finder = finder;
    this.files = files;
    this.runner = runner;
    this.base = base;
  }

  /** Runs it. */
  private interface Runner<C> {
    Trainer.Output run(TrainingRuns runs, ResolvedConfig<C> resolved) throws IOException;
  }

  /** {@code llm2vec mntp}: masked next token prediction, the first stage. */
  @Command(
      name = "mntp",
      description = {
        "Trains a model to predict masked tokens with attention both ways (MNTP),",
        "the first stage of LLM2Vec. Writes a LoRA adapter."
      },
      footer = {
        "  llm2vec mntp train_configs/mntp/Sheared-Llama.json --dataset_dir ~/datasets",
        "  llm2vec mntp my.json --learning_rate 1e-4 --output_dir output/mntp/again",
        GOING_ON
      })
  public static final class Mntp extends TrainingCommand<MntpConfig> {
    public Mntp(ModelFinder finder) {
      super(finder, ConfigFiles.MNTP, TrainingRuns::mntp, c -> base(c.model(), c.lora()));
    }
  }

  /** {@code llm2vec simcse}: unsupervised contrastive training, the second stage. */
  @Command(
      name = "simcse",
      description = {
        "Trains an encoder to tell texts apart without any labels (SimCSE),",
        "the second stage of LLM2Vec. Writes a LoRA adapter."
      },
      footer = {
        "  llm2vec simcse train_configs/simcse/Sheared-Llama.json \\",
        "      --peft_model_name_or_path output/mntp/Sheared-LLaMA-1.3B",
        GOING_ON
      })
  public static final class Simcse extends TrainingCommand<SimcseConfig> {
    public Simcse(ModelFinder finder) {
      super(finder, ConfigFiles.SIMCSE, TrainingRuns::simcse, c -> base(c.model(), c.lora()));
    }
  }

  /** {@code llm2vec supervised}: contrastive training on pairs and triples. */
  @Command(
      name = "supervised",
      description = {
        "Trains an encoder on queries, their documents and hard negatives,",
        "the supervised stage of LLM2Vec. Writes a LoRA adapter."
      },
      footer = {
        "  llm2vec supervised train_configs/supervised/Sheared-Llama.json",
        "  llm2vec supervised my.json --dataset_name jsonl --dataset_file_path triples.jsonl",
        GOING_ON
      })
  public static final class Supervised extends TrainingCommand<SupervisedConfig> {
    public Supervised(ModelFinder finder) {
      super(
          finder, ConfigFiles.SUPERVISED, TrainingRuns::supervised, c -> base(c.model(), c.lora()));
    }
  }

  /** {@code llm2vec distill}: a student learns the vectors of a teacher. */
  @Command(
      name = "distill",
      description = {
        "Trains an encoder, the student, to give the vectors of a teacher: of any model that",
        "opens here, or of a file of vectors. Writes a folder of sentence-transformers."
      },
      footer = {
        "  llm2vec distill train_configs/distill/mini.json --train_file texts.txt",
        "  llm2vec distill my.json --teacher_vectors minilm.npy --train_file texts.jsonl",
        GOING_ON
      })
  public static final class Distill extends TrainingCommand<DistillConfig> {
    public Distill(ModelFinder finder) {
      super(
          finder,
          ConfigFiles.DISTILL,
          TrainingRuns::distill,
          config ->
              config.student().base() instanceof StudentArguments.Checkpoint checkpoint
                  ? base(checkpoint.model(), config.student().lora())
                  : Optional.empty());
    }
  }

  /** {@code llm2vec pretrain}: a language model from nothing. */
  @Command(
      name = "pretrain",
      description = {
        "Makes a causal language model from nothing: random weights of a given",
        "architecture are trained on texts. Writes a plain model folder."
      },
      footer = {
        "  llm2vec pretrain my.json --config_name models/tiny --tokenizer_name models/tiny",
        GOING_ON
      })
  public static final class Pretrain extends TrainingCommand<PretrainConfig> {
    public Pretrain(ModelFinder finder) {
      super(finder, ConfigFiles.PRETRAIN, TrainingRuns::pretrain, config -> Optional.empty());
    }
  }

  /** The model that an adapter is trained for; empty if the result is a whole model. */
  private static Optional<ModelArguments> base(ModelArguments model, LoraArguments lora) {
    return lora.fullFinetuning() ? Optional.empty() : Optional.of(model);
  }

  @Override
  public Integer call() throws IOException {
    Console console = finder.console();
    ResolvedConfig<C> resolved = files.read(config, keys);
    RunArguments arguments = resolved.config().training().run();
    boolean bar = arguments.disableTqdm().map(disabled -> !disabled).orElse(console.watched());
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        LoadingDisplay loading = new LoadingDisplay(console);
        TrainingDisplay display = new TrainingDisplay(console.err(), bar, loading::close)) {
      int processors = Runtime.getRuntime().availableProcessors();
      TrainingRuns.Environment tools =
          new TrainingRuns.Environment(
              finder.resolver(allowDownload, loading),
              loading::loaded,
              List.of(display),
              stop::requested,
              Math.max(1, Math.min(MOST_TOKENIZER_THREADS, processors - 1)));
      Trainer.Output outcome = runner.run(new TrainingRuns(tools), resolved);
      display.finish();
      if (outcome.complete()) {
        console.err().println("Wrote " + outcome.folder() + ".");
        base.apply(resolved.config()).ifPresent(model -> explain(model, outcome.folder()));
      }
      return outcome.complete() ? ExitCode.OK : ExitCode.SOFTWARE;
    }
  }

  /** An adapter on top of others does not name them: its own base is the first of all. */
  private void explain(ModelArguments model, Path folder) {
    PrintStream err = finder.console().err();
    if (model.adapters().isEmpty()) {
      err.println("Use it by --model " + folder + ".");
      return;
    }
    StringBuilder use = new StringBuilder("--model ").append(model.name());
    model.adapters().forEach(adapter -> use.append(" --adapter ").append(adapter));
    err.println("Use it by " + use + " --adapter " + folder + ".");
  }
}
