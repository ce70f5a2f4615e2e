/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.wordtask.WordModel;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Unmatched;

/**
 * Base class of the two word task commands: a configuration file whose keys can be given as
 * options, and a model.
 *
 * @param <C> the kind of configuration
 */
abstract class WordTaskRunCommand<C> implements Callable<Integer> {

  private final Console console;
  private final ModelFinder finder;

  @Parameters(index = "0", paramLabel = "CONFIG", description = "JSON file of upstream's keys.")
  private Path config;

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  @Unmatched private List<String> keys = new ArrayList<>();

  WordTaskRunCommand(Console console, ModelFinder finder) {
    this.console = console;
    this.finder = finder;
  }

  /** Reads the configuration. */
  abstract ResolvedConfig<C> read(Path file, List<String> options) throws IOException;

  /**
   * Runs it.
   *
   * @return the exit code
   * @throws WordTaskTraining.StoppedException if the user stops it before there is anything to save
   */
  abstract int run(ResolvedConfig<C> resolved, InterruptHandler stop) throws IOException;

  @Override
  public Integer call() throws IOException {
    ResolvedConfig<C> resolved = read(config, keys);
    try (InterruptHandler stop = InterruptHandler.onInterrupt()) {
      return run(resolved, stop);
    } catch (WordTaskTraining.StoppedException e) {
      console.err().println("llm2vec: " + e.getMessage());
      return ExitCode.SOFTWARE;
    }
  }

  Console console() {
    return console;
  }

  WordModel open(ModelArguments model, OptionalInt maxLength, boolean useCpu) throws IOException {
    return new WordTaskModels(console, finder, allowDownload).open(model, maxLength, useCpu);
  }

  DatasetFolders datasets(DataAccess access) {
    return new DatasetFolders(access.datasetDir(), finder.hub().cache());
  }
}
