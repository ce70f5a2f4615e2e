/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.trainer.checkpoint.CheckpointStore;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.ModelFiles.Purpose;
import io.github.llm2vec.trainer.checkpoint.TensorFile;
import io.github.llm2vec.trainer.checkpoint.TensorFile.Entry;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors.Part;
import io.github.llm2vec.trainer.config.SaveArguments;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Saves and loads the checkpoints of a run: model, optimizer, trainer state and configuration.
 * Knows which checkpoint is the best.
 */
final class Checkpointer {

  private static final String OPTIMIZER = "optimizer.safetensors";

  private final TrainingContext context;
  private final StepPlan plan;
  private final TrainedTensors tensors;
  private final ModelFiles model;
  private final SaveArguments saving;

  Checkpointer(TrainingContext context, StepPlan plan, TrainedTensors tensors, ModelFiles model) {
    this.context = context;
    this.plan = plan;
    this.tensors = tensors;
    this.model = model;
    this.saving = context.arguments().saving();
  }

  /**
   * Saves a checkpoint and deletes those beyond {@code save_total_limit}.
   *
   * @param evaluation metrics of this update, if it was evaluated
   */
  Path save(TrainerState state, Map<String, Double> evaluation) throws IOException {
    CheckpointStore store = context.output().store();
    Path path = store.path(state.step());
    compare(state, evaluation, path);
    store.save(
        state.step(),
        folder -> {
          context.writeConfig(folder);
          model.write(folder, tensors, Purpose.CHECKPOINT);
          state.writeTrainerState(folder, context.arguments(), plan);
          if (!saving.onlyModel()) {
            TensorFile.write(folder.resolve(OPTIMIZER), tensors, moments(), DType.FLOAT32);
            state.writeRunState(folder, context.arguments(), plan);
          }
        });
    store.rotate(
        saving.totalLimit(),
        saving.loadBestModelAtEnd() ? state.bestCheckpoint() : Optional.empty());
    return path;
  }

  private void compare(TrainerState state, Map<String, Double> evaluation, Path path) {
    String name = saving.bestMetric();
    Double metric = evaluation.get(name.startsWith("eval_") ? name : "eval_" + name);
    if (metric == null) {
      return;
    }
    boolean better =
        state.bestMetric().isEmpty()
            || (saving.greaterIsBetter()
                ? metric > state.bestMetric().getAsDouble()
                : metric < state.bestMetric().getAsDouble());
    if (better) {
      state.best(metric, path);
    }
  }

  /** Loads a checkpoint into the tensors. */
  TrainerState resume(Path checkpoint) throws IOException {
    TrainerState state = TrainerState.read(checkpoint, plan);
    model.read(checkpoint, tensors);
    TensorFile.read(checkpoint.resolve(OPTIMIZER), tensors, moments());
    return state;
  }

  /** Loads the values of the best checkpoint under {@code load_best_model_at_end}. */
  Optional<Path> loadBest(TrainerState state) throws IOException {
    Optional<Path> best = saving.loadBestModelAtEnd() ? state.bestCheckpoint() : Optional.empty();
    if (best.isPresent()) {
      model.read(best.get(), tensors);
    }
    return best;
  }

  /** Saves the model that was trained. */
  void saveResult(Path folder, TrainerState state) throws IOException {
    state.writeTrainerState(folder, context.arguments(), plan);
    model.write(folder, tensors, Purpose.RESULT);
  }

  private List<Entry> moments() {
    List<Entry> entries = new ArrayList<>();
    for (String name : tensors.names()) {
      entries.add(new Entry(name + ".exp_avg", name, Part.MEAN));
      entries.add(new Entry(name + ".exp_avg_sq", name, Part.MEAN_SQUARE));
    }
    return entries;
  }
}
