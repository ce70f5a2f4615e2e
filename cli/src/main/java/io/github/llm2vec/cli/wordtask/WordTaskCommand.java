/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.LoadingDisplay;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.WordTaskConfig;
import io.github.llm2vec.trainer.config.WordTestConfig;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.wordtask.WordModel;
import io.github.llm2vec.trainer.wordtask.WordScores;
import io.github.llm2vec.trainer.wordtask.WordTaskTesting;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code llm2vec word-task} and its two commands. */
@Command(
    name = "word-task",
    description = "Trains and tests a head that labels words: parts of speech, phrases, names.",
    synopsisSubcommandLabel = "COMMAND",
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

  /**
   * Base class of the two word task commands: a configuration file whose keys can be given as
   * options, and a model.
   *
   * @param <C> the kind of configuration
   */
  private abstract static sealed class Run<C> implements Callable<Integer> {

    final Console console;
    private final ModelFinder finder;
    private final ConfigFiles<C> files;

    @Parameters(index = "0", paramLabel = "CONFIG", description = "JSON file of upstream's keys.")
    private Path config;

    @Option(
        names = "--allow-download",
        description = "Fetch the model from the hub if it is not in the local cache.")
    private boolean allowDownload;

    @Unmatched private List<String> keys = new ArrayList<>();

    Run(ModelFinder finder, ConfigFiles<C> files) {
      this.console = finder.console();
      this.finder = finder;
      this.files = files;
    }

    /**
     * Runs it.
     *
     * @return the exit code
     * @throws WordTaskTraining.StoppedException if the user stops it before there is anything to
     *     save
     */
    abstract int run(ResolvedConfig<C> resolved, InterruptHandler stop) throws IOException;

    @Override
    public Integer call() throws IOException {
      ResolvedConfig<C> resolved = files.read(config, keys);
      try (InterruptHandler stop = InterruptHandler.onInterrupt()) {
        return run(resolved, stop);
      } catch (WordTaskTraining.StoppedException e) {
        console.err().println("llm2vec: " + e.getMessage());
        return ExitCode.SOFTWARE;
      }
    }

    /** Opens the model that a configuration names, on a GPU if there is one and it may be used. */
    WordModel open(ModelArguments arguments, OptionalInt maxLength, boolean useCpu)
        throws IOException {
      if (arguments.tokenizer().isPresent() || !arguments.revision().equals("main")) {
        throw new CliException(
            "tokenizer_name and model_revision are not followed in word tasks: give a folder with"
                + " the model and its tokenizer as model_name_or_path");
      }
      TorchDevice device =
          useCpu || TorchRuntime.gpuCount() == 0 ? TorchDevice.CPU : TorchDevice.of("cuda");
      try (LoadingDisplay display = new LoadingDisplay(console)) {
        ResolverOptions found = finder.resolver(allowDownload, display);
        ResolverOptions resolver = arguments.cacheDir().map(found::cachedIn).orElse(found);
        return WordModel.open(
            arguments, maxLength, new WordModel.Opening(resolver, device, display::loaded));
      }
    }

    DatasetFolders datasets(DataAccess access) {
      return new DatasetFolders(access.datasetDir(), finder.hub().cache());
    }
  }

  /** {@code llm2vec word-task train}: a head is trained on the states of a frozen model. */
  @Command(
      name = "train",
      description = "Trains the head of a word task.",
      footer = {
        "  llm2vec word-task train train_configs/word-task/Llama2-bi-mntp.json",
        "  llm2vec word-task train my-task.json --learning_rate 1e-3 --stop_after_n_steps 500",
        "",
        "Any key of the file can be given as an option. docs/word-tasks.md explains the keys."
      })
  public static final class Train extends Run<WordTaskConfig> {

    public Train(ModelFinder finder) {
      super(finder, ConfigFiles.WORD_TASK);
    }

    @Override
    int run(ResolvedConfig<WordTaskConfig> resolved, InterruptHandler stop) throws IOException {
      WordTaskConfig task = resolved.config();
      RunArguments run = task.training().run();
      boolean watched = console.watched() && !run.disableTqdm().orElse(false);
      try (WordTaskDisplay display = new WordTaskDisplay(console, watched, stop);
          WordModel model = open(task.model(), task.data().maxSeqLength(), run.useCpu())) {
        WordTaskTraining.Outcome outcome =
            new WordTaskTraining(resolved, model, datasets(task.data().access()), display).run();
        display.endStage();
        if (!outcome.finished()) {
          console.err().println("llm2vec: stopped; " + WordTaskDisplay.GOING_ON);
          return ExitCode.SOFTWARE;
        }
        Files.writeString(run.outputDir().resolve("config.resolved.json"), resolved.toJson());
        outcome
            .scores()
            .ifPresent(scores -> WordTaskDisplay.print(console.out(), scores, task.head().task()));
        console.err().println("The head is in " + run.outputDir());
        return ExitCode.OK;
      }
    }
  }

  /** {@code llm2vec word-task test}: a trained head is measured. */
  @Command(
      name = "test",
      description = "Tests the head of a word task.",
      footer = {
        "  llm2vec word-task test test_configs/word-task/Llama2-bi-mntp.json",
        "  llm2vec word-task test my-test.json --cls_addr output/my-task/checkpoint-500",
        "",
        "Any key of the file can be given as an option. The figures go to result_summary.json."
      })
  public static final class Test extends Run<WordTestConfig> {

    public Test(ModelFinder finder) {
      super(finder, ConfigFiles.WORD_TEST);
    }

    @Override
    int run(ResolvedConfig<WordTestConfig> resolved, InterruptHandler stop) throws IOException {
      WordTestConfig test = resolved.config();
      resolved.notes().forEach(console.err()::println);
      try (WordTaskDisplay display = new WordTaskDisplay(console, console.watched(), stop);
          WordModel model = open(test.model(), OptionalInt.of(test.maxSeqLength()), false)) {
        WordTaskTesting testing =
            new WordTaskTesting(test, model, datasets(test.access()), display);
        WordScores scores = testing.run();
        display.endStage();
        WordTaskDisplay.print(console.out(), scores, test.head().task());
        console.err().println("The figures are in " + testing.summary());
        return ExitCode.OK;
      }
    }
  }
}
