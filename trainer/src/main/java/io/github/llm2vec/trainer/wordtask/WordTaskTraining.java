/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.tokenclassification.WordHead;
import io.github.llm2vec.tokenclassification.WordHeadConfig;
import io.github.llm2vec.tokenclassification.WordHeadFiles;
import io.github.llm2vec.tokenclassification.WordStates;
import io.github.llm2vec.trainer.config.IntervalStrategy;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.config.WordTaskConfig;
import io.github.llm2vec.trainer.data.DatasetFolders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Trains a linear head on the states of a frozen model, upstream's {@code run_word_task.py}. The
 * model runs once over the data; its states are kept in {@code data_cache_dir}, by default {@code
 * output_dir/states}. Used by one thread.
 */
public final class WordTaskTraining {

  private final WordTaskConfig config;
  private final WordModel model;
  private final DatasetFolders folders;
  private final WordTaskListener listener;
  private final HeadCheckpoint checkpoints;

  /**
   * Prepares a run.
   *
   * @param model the model of the configuration; not closed here
   * @param folders where datasets are that the configuration names
   */
  public WordTaskTraining(
      WordTaskConfig config, WordModel model, DatasetFolders folders, WordTaskListener listener) {
    this.config = config;
    this.model = model;
    this.folders = folders;
    this.listener = listener;
    this.checkpoints = new HeadCheckpoint(config.training().run().outputDir());
  }

  /**
   * How a run ended.
   *
   * @param updates updates made in all
   * @param finished whether it came to its end; false if it was stopped
   * @param scores of the head on the validation set, if that was asked for
   */
  public record Outcome(long updates, boolean finished, Optional<WordScores> scores) {}

  /**
   * Trains, as far as the configuration says, and leaves the head in the output folder.
   *
   * @throws IOException if data or checkpoints cannot be read or written
   * @throws IllegalArgumentException if the output folder holds something else
   */
  public Outcome run() throws IOException {
    TrainingArguments training = config.training();
    if (!training.run().doTrain()) {
      throw new IllegalArgumentException(
          "do_train is false, so there is nothing to do; the command word-task test tests a head");
    }
    Optional<Path> resumed = checkpointToResume();
    WordSets sets = WordSets.read(config, model, folders);
    WordStates states = model.states(config.head().mergeSubwords());
    boolean evaluates = training.run().doEval() && sets.validation().isPresent();
    try (StateStore trained = store("training", sets.training(), states);
        StateStore held =
            store("validation", evaluates ? sets.validation().get() : WordData.NONE, states)) {
      HeadRun run = new HeadRun(this, sets, trained, held);
      if (resumed.isPresent()) {
        run.resume(resumed.get());
      }
      return run.train();
    }
  }

  private StateStore store(String set, WordData data, WordStates states) throws IOException {
    Path folder =
        config
            .data()
            .access()
            .cacheDir()
            .orElse(config.training().run().outputDir().resolve("states"));
    return StateStore.build(
        folder.resolve(set + ".f32"),
        model.identity(config.head().mergeSubwords()),
        data,
        states,
        (done, all) -> {
          listener.states(set, done, all);
          if (listener.stopRequested()) {
            throw new StoppedException("stopped; the same command goes on");
          }
        });
  }

  /** Ends a run before it has a result; the message says what the user has of it. */
  public static final class StoppedException extends IOException {
    private static final long serialVersionUID = 1L;

    StoppedException(String message) {
      super(message);
    }
  }

  private Optional<Path> checkpointToResume() throws IOException {
    RunArguments run = config.training().run();
    if (run.resumeFromCheckpoint() instanceof RunArguments.Checkpoint given) {
      return Optional.of(given.folder());
    }
    Optional<Path> last = checkpoints.last();
    if (run.resumeFromCheckpoint() instanceof RunArguments.LastCheckpoint) {
      return Optional.of(
          last.orElseThrow(
              () ->
                  new IllegalArgumentException(
                      run.outputDir() + " has no checkpoint to resume from")));
    }
    if (run.overwriteOutputDir()) {
      for (Path old : checkpoints.all()) {
        HeadCheckpoint.delete(old);
      }
      return Optional.empty();
    }
    if (last.isEmpty() && hasForeignFiles(run.outputDir())) {
      throw new IllegalArgumentException(
          run.outputDir()
              + " is not empty and has no checkpoint; take another output_dir or say"
              + " overwrite_output_dir");
    }
    return last;
  }

  private static boolean hasForeignFiles(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> !file.endsWith("states"));
    }
  }

  WordTaskConfig config() {
    return config;
  }

  WordTaskListener listener() {
    return listener;
  }

  HeadCheckpoint checkpoints() {
    return checkpoints;
  }

  /** What the head is, for whoever uses it. */
  WordHeadConfig headConfig(List<String> labels) {
    return new WordHeadConfig(
        labels,
        model.hiddenSize(),
        config.head().labels(),
        config.head().mergeSubwords(),
        model.bidirectional(),
        model.maxLength());
  }

  /** Leaves the head and the last figures in the output folder itself. */
  void finish(WordHead head, Optional<WordScores> scores) throws IOException {
    Path output = config.training().run().outputDir();
    Files.createDirectories(output);
    WordHeadFiles.write(output, head);
    if (scores.isPresent()) {
      ObjectNode results = JsonNodeFactory.instance.objectNode();
      scores.get().put(results, "eval_");
      Files.writeString(output.resolve("eval_results.json"), results.toPrettyString() + "\n");
    }
  }

  /** Whether something that happens again and again happens after an update. */
  static boolean isDue(IntervalStrategy strategy, long interval, long update, boolean endOfEpoch) {
    return switch (strategy) {
      case NO -> false;
      case STEPS -> update % interval == 0;
      case EPOCH -> endOfEpoch;
    };
  }
}
