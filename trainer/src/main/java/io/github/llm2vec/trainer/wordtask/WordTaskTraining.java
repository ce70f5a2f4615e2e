/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.tokenclassification.WordHead;
import io.github.llm2vec.tokenclassification.WordHeadConfig;
import io.github.llm2vec.tokenclassification.WordHeadFiles;
import io.github.llm2vec.tokenclassification.WordStates;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.config.WordTaskConfig;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.loop.Trainer;
import io.github.llm2vec.trainer.loop.TrainerCallback;
import io.github.llm2vec.trainer.loop.TrainingContext;
import io.github.llm2vec.trainer.loop.TrainingException;
import io.github.llm2vec.trainer.wordtask.WordHeadObjective.Dropout;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Trains a linear head on the hidden states of a frozen model, upstream's {@code run_word_task.py}.
 * The model runs once over the data; its states are kept in {@code data_cache_dir}, by default
 * {@code output_dir/states}. The loop is that of all training, {@link Trainer}.
 */
public final class WordTaskTraining {

  /** A callback of word tasks: the events of training, and the progress of the frozen model. */
  public interface WordTaskListener extends TrainerCallback {

    /** Hears nothing and never stops. */
    WordTaskListener NONE = new WordTaskListener() {};

    /**
     * The frozen model has encoded so many sentences.
     *
     * @param set "training", "validation" or "test"
     */
    default void encoded(String set, int done, int all) {}

    /** Whether to stop after the current update, with a checkpoint. */
    default boolean stopRequested() {
      return false;
    }
  }

  private static final Set<String> METRICS =
      Set.of("loss", "precision", "recall", "f1", "accuracy");

  private final ResolvedConfig<WordTaskConfig> resolved;
  private final WordTaskConfig config;
  private final WordModel model;
  private final DatasetFolders folders;
  private final WordTaskListener listener;

  /**
   * Prepares a run.
   *
   * @param model the model of the configuration; not closed here
   * @param folders where datasets are that the configuration names
   */
  public WordTaskTraining(
      ResolvedConfig<WordTaskConfig> resolved,
      WordModel model,
      DatasetFolders folders,
      WordTaskListener listener) {
    this.resolved = resolved;
    this.config = resolved.config();
    this.model = model;
    this.folders = folders;
    this.listener = listener;
  }

  /**
   * How a run ended.
   *
   * @param updates updates made in all
   * @param finished whether it came to its end; false if it was stopped
   * @param scores of the head on the validation set, if that was asked for
   */
  public record Outcome(long updates, boolean finished, Optional<WordScores> scores) {}

  /** Ends a run before it has a result; the message says what the user has of it. */
  public static final class StoppedException extends IOException {
    private static final long serialVersionUID = 1L;

    StoppedException(String message) {
      super(message);
    }
  }

  /**
   * Trains, as far as the configuration says, and leaves the head in the output folder.
   *
   * @throws IOException if data or checkpoints cannot be read or written, or the output folder
   *     holds something else
   */
  public Outcome run() throws IOException {
    TrainingArguments training = config.training();
    check(training);
    TrainingContext context =
        TrainingContext.begin(resolved, List.of(listener), listener::stopRequested);
    CorruptLines corrupt = new CorruptLines(config.data().access().corruptLine());
    WordSets sets = WordSets.read(config, model, folders, corrupt);
    context.noteSkipped(corrupt);
    boolean evaluates = training.run().doEval() && sets.validation().isPresent();
    try (HiddenStateFile trained = states(context, "training", sets.training());
        HiddenStateFile held =
            states(context, "validation", evaluates ? sets.validation().get() : WordData.NONE)) {
      int seed = training.run().seed();
      WordHeadModel head = new WordHeadModel(headConfig(sets.labels().names()), seed);
      WordHeadObjective objective =
          new WordHeadObjective(head, new Dropout(config.head().dropout(), seed));
      TrainingArguments.Batches batches = training.batches();
      DataLoader<WordBatch> loader =
          trained.shuffled(
              batches.trainBatchSize(), batches.dropLast(), training.run().orderSeed());
      Trainer.Output output =
          new Trainer<>(
                  context,
                  new Trainer.Task<>(
                      head,
                      objective,
                      Optional.of(loader),
                      evaluates
                          ? Optional.of(held.sequential(batches.evalBatchSize()))
                          : Optional.empty(),
                      Optional.empty(),
                      new HeadFiles(head),
                      new TrainerCallback.Cost(0, DType.FLOAT32, List.of(TorchDevice.CPU))))
              .train();
      return new Outcome(
          output.state().step(),
          output.complete(),
          output.complete() ? objective.scores() : Optional.empty());
    }
  }

  private static void check(TrainingArguments training) throws TrainingException {
    if (!training.run().doTrain()) {
      throw new TrainingException(
          "do_train is false, so there is nothing to do; the command word-task test tests a head");
    }
    if (!training.run().devices().isEmpty()) {
      throw new TrainingException(
          "key device: word tasks do not divide their batches; leave it out, or say use_cpu");
    }
    String metric = training.saving().bestMetric().replaceFirst("^eval_", "");
    if (!METRICS.contains(metric)) {
      throw new TrainingException(
          "metric_for_best_model must be loss, precision, recall, f1 or accuracy, got " + metric);
    }
  }

  private HiddenStateFile states(TrainingContext context, String set, WordData data)
      throws IOException {
    WordStates states = model.states(config.head().mergeSubwords());
    return HiddenStateFile.build(
        context.cacheDir(config.data().access(), "states").resolve(set + ".f32"),
        model.identity(config.head().mergeSubwords()),
        data,
        states.hiddenSize(),
        rows -> states.of(rows.stream().map(HiddenStateFile::sentence).toList()),
        (done, all) -> {
          listener.encoded(set, done, all);
          if (listener.stopRequested()) {
            throw new StoppedException("stopped; the same command goes on");
          }
        });
  }

  private WordHeadConfig headConfig(List<String> labels) {
    return new WordHeadConfig(
        labels,
        model.hiddenSize(),
        config.head().labels(),
        config.head().mergeSubwords(),
        model.bidirectional(),
        model.maxLength());
  }

  /** The head in the files of {@link WordHeadFiles}, in checkpoints and as the result. */
  private record HeadFiles(WordHeadModel model) implements ModelFiles {

    @Override
    public void write(Path folder, TrainedTensors tensors, Purpose purpose) throws IOException {
      WordHeadFiles.write(folder, model.head());
    }

    @Override
    public void read(Path folder, TrainedTensors tensors) throws IOException {
      WordHead head = WordHeadFiles.read(folder);
      if (!head.config().equals(model.config())) {
        throw new TrainingException(
            folder + " is of another task or model; start anew with overwrite_output_dir");
      }
      tensors.write(TrainedTensors.Part.VALUE, "weight", 0, FloatBuffer.wrap(head.weight()));
      tensors.write(TrainedTensors.Part.VALUE, "bias", 0, FloatBuffer.wrap(head.bias()));
    }
  }
}
