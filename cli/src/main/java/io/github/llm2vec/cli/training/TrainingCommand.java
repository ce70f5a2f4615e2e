/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.LoadingDisplay;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.TrainConfig;
import io.github.llm2vec.trainer.loop.Trainer;
import io.github.llm2vec.trainer.loop.TrainingRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Base class of the commands that train by a configuration file.
 *
 * @param <C> the kind of configuration
 */
public abstract class TrainingCommand<C extends TrainConfig> implements Callable<Integer> {

  private static final int MOST_TOKENIZER_THREADS = 16;

  private final Console console;
  private final ModelFinder finder;

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

  TrainingCommand(Console console, ModelFinder finder) {
    this.console = console;
    this.finder = finder;
  }

  /** Reads the configuration. */
  abstract ResolvedConfig<C> read(Path file, List<String> options) throws IOException;

  /** Runs it. */
  abstract Trainer.Output run(TrainingRuns runs, ResolvedConfig<C> resolved) throws IOException;

  /** The model that an adapter is trained for; empty if the result is a whole model. */
  abstract Optional<ModelArguments> base(C resolved);

  @Override
  public Integer call() throws IOException {
    ResolvedConfig<C> resolved = read(config, keys);
    RunArguments arguments = resolved.config().training().run();
    boolean bar = arguments.disableTqdm().map(disabled -> !disabled).orElse(console.watched());
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        LoadingDisplay loading = new LoadingDisplay(console, System::nanoTime);
        TrainingDisplay display = new TrainingDisplay(console.err(), bar, loading::close)) {
      int processors = Runtime.getRuntime().availableProcessors();
      TrainingRuns.Environment tools =
          new TrainingRuns.Environment(
              finder.resolver(allowDownload, loading),
              loading::loaded,
              List.of(display),
              stop::requested,
              Math.max(1, Math.min(MOST_TOKENIZER_THREADS, processors - 1)));
      Trainer.Output outcome = run(new TrainingRuns(tools), resolved);
      display.finish();
      if (outcome.complete()) {
        console.err().println("Wrote " + outcome.folder() + ".");
        base(resolved.config()).ifPresent(model -> explain(model, outcome.folder()));
      }
      return outcome.complete() ? ExitCode.OK : ExitCode.SOFTWARE;
    }
  }

  /** An adapter on top of others does not name them: its own base is the first of all. */
  private void explain(ModelArguments model, Path folder) {
    if (model.adapters().isEmpty()) {
      console.err().println("Use it by --model " + folder + ".");
      return;
    }
    StringBuilder use = new StringBuilder("--model ").append(model.name());
    model.adapters().forEach(adapter -> use.append(" --adapter ").append(adapter));
    console.err().println("Use it by " + use + " --adapter " + folder + ".");
  }
}
