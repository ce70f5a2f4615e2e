/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.trainer.checkpoint.CheckpointStore;
import io.github.llm2vec.trainer.checkpoint.FolderPart;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.ModelFiles.Purpose;
import io.github.llm2vec.trainer.checkpoint.TensorFile;
import io.github.llm2vec.trainer.checkpoint.TensorFile.Entry;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors.Part;
import io.github.llm2vec.trainer.config.SaveArguments;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes and reads everything that a run needs to go on, and knows which checkpoint is best. */
final class Checkpointer {

  private static final String OPTIMIZER = "optimizer.safetensors";

  private final Parts parts;

  /**
   * What it works with.
   *
   * @param store the folders
   * @param tensors what is trained
   * @param model the model's own files
   * @param states the run's own files
   * @param config writes the configuration
   * @param saving what is configured
   */
  record Parts(
      CheckpointStore store,
      TrainedTensors tensors,
      ModelFiles model,
      TrainerStateFiles states,
      FolderPart config,
      SaveArguments saving) {}

  Checkpointer(Parts parts) {
    this.parts = parts;
  }

  /**
   * Writes a checkpoint and deletes those that are too many.
   *
   * @param evaluation figures of this update, if it was evaluated
   */
  Path save(TrainerState state, Map<String, Double> evaluation) throws IOException {
    Path path = parts.store().path(state.step());
    compare(state, evaluation, path);
    List<FolderPart> files = new ArrayList<>();
    files.add(parts.config());
    files.add(folder -> parts.model().write(folder, parts.tensors(), Purpose.CHECKPOINT));
    files.add(folder -> parts.states().writeTrainerState(folder, state));
    if (!parts.saving().onlyModel()) {
      files.add(
          folder ->
              TensorFile.write(
                  folder.resolve(OPTIMIZER), parts.tensors(), moments(), DType.FLOAT32));
      files.add(folder -> parts.states().writeRunState(folder, state));
    }
    parts.store().save(state.step(), files);
    parts
        .store()
        .rotate(
            parts.saving().totalLimit(),
            parts.saving().loadBestModelAtEnd() ? state.bestCheckpoint() : Optional.empty());
    return path;
  }

  private void compare(TrainerState state, Map<String, Double> evaluation, Path path) {
    Double metric = evaluation.get(metricName(parts.saving()));
    if (metric == null) {
      return;
    }
    boolean better =
        state.bestMetric().isEmpty()
            || (parts.saving().greaterIsBetter()
                ? metric > state.bestMetric().getAsDouble()
                : metric < state.bestMetric().getAsDouble());
    if (better) {
      state.best(metric, path);
    }
  }

  /** The figure of evaluations that tells the best checkpoint. */
  static String metricName(SaveArguments saving) {
    String name = saving.bestMetric();
    return name.startsWith("eval_") ? name : "eval_" + name;
  }

  /** Brings the tensors and the state back. */
  TrainerState resume(Path checkpoint) throws IOException {
    TrainerState state = parts.states().read(checkpoint);
    parts.model().read(checkpoint, parts.tensors());
    TensorFile.read(checkpoint.resolve(OPTIMIZER), parts.tensors(), moments());
    return state;
  }

  /** Brings the values of the best checkpoint back, if there is one. */
  Optional<Path> loadBest(TrainerState state) throws IOException {
    Optional<Path> best =
        parts.saving().loadBestModelAtEnd() ? state.bestCheckpoint() : Optional.empty();
    if (best.isPresent()) {
      parts.model().read(best.get(), parts.tensors());
    }
    return best;
  }

  /** Writes what the run was for. */
  void saveResult(Path folder) throws IOException {
    parts.model().write(folder, parts.tensors(), Purpose.RESULT);
  }

  private List<Entry> moments() {
    List<Entry> entries = new ArrayList<>();
    for (String name : parts.tensors().names()) {
      entries.add(new Entry(name + ".exp_avg", name, Part.MEAN));
      entries.add(new Entry(name + ".exp_avg_sq", name, Part.MEAN_SQUARE));
    }
    return entries;
  }
}
