/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A run's state in a checkpoint: {@code trainer_state.json} with exactly the keys of transformers
 * 4.44, whose own reader refuses any other, and {@code run_state.json} with what is needed beyond
 * them to go on at the same batch.
 */
final class TrainerStateFiles {

  static final String TRAINER_STATE = "trainer_state.json";
  static final String RUN_STATE = "run_state.json";

  private static final int FORMAT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectWriter WRITER = JSON.writerWithDefaultPrettyPrinter();

  private final TrainingArguments arguments;
  private final StepPlan plan;

  TrainerStateFiles(TrainingArguments arguments, StepPlan plan) {
    this.arguments = arguments;
    this.plan = plan;
  }

  /** Epochs gone after an update, as logs show them. */
  double epochAfter(long step) {
    return plan.epochAfter(step);
  }

  void writeTrainerState(Path folder, TrainerState state) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    if (state.bestMetric().isPresent()) {
      root.put("best_metric", state.bestMetric().getAsDouble());
    } else {
      root.putNull("best_metric");
    }
    root.put("best_model_checkpoint", state.bestCheckpoint().map(Path::toString).orElse(null));
    root.put("epoch", epochAfter(state.step()));
    root.put("eval_steps", arguments.evaluation().interval().value());
    root.put("global_step", state.step());
    root.put("is_hyper_param_search", false);
    root.put("is_local_process_zero", true);
    root.put("is_world_process_zero", true);
    ArrayNode history = root.putArray("log_history");
    state.history().forEach(metric -> history.add(metric.toJson()));
    root.put("logging_steps", arguments.logging().interval().value());
    root.put("max_steps", plan.totalUpdates());
    root.put("num_input_tokens_seen", state.tokens());
    root.put("num_train_epochs", (long) Math.ceil(arguments.schedule().epochs()));
    root.put("save_steps", arguments.saving().interval().value());
    root.putObject("stateful_callbacks");
    root.put("total_flos", 0.0);
    root.put("train_batch_size", arguments.batches().trainBatchSize());
    root.putNull("trial_name");
    root.putNull("trial_params");
    Files.writeString(folder.resolve(TRAINER_STATE), WRITER.writeValueAsString(root) + "\n");
  }

  void writeRunState(Path folder, TrainerState state) throws IOException {
    TrainerState.Counters counters = state.counters();
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    root.put("step", counters.position().step());
    root.put("epoch", counters.position().epoch());
    root.put("batch", counters.position().batch());
    root.put("batches", counters.position().batches());
    root.put("batches_per_epoch", plan.batchesPerEpoch());
    root.put("ended_epochs", counters.endedEpochs());
    root.put("skipped_batches", counters.skippedBatches());
    root.put("tokens", counters.tokens());
    root.put("seconds", counters.seconds());
    root.put("total_loss", counters.totalLoss());
    root.put("unlogged_loss", counters.unloggedLoss());
    root.put("logged_step", counters.loggedStep());
    root.put("gradient_norm", counters.gradientNorm());
    root.put("seed", arguments.run().seed());
    root.put("data_seed", arguments.run().orderSeed());
    Files.writeString(folder.resolve(RUN_STATE), WRITER.writeValueAsString(root) + "\n");
  }

  /**
   * Reads both files.
   *
   * @throws IOException if they are not there, or of other data
   */
  TrainerState read(Path folder) throws IOException {
    Path file = folder.resolve(RUN_STATE);
    if (!Files.exists(file)) {
      throw new TrainingException(
          folder
              + " cannot be resumed: it has no "
              + RUN_STATE
              + "; was it written with save_only_model, or by Python?");
    }
    JsonNode root = JSON.readTree(file.toFile());
    if (root.path("format").asInt() != FORMAT) {
      throw new TrainingException(
          file + " is of format " + root.path("format") + ", expected " + FORMAT);
    }
    if (root.path("batches_per_epoch").asLong() != plan.batchesPerEpoch()) {
      throw new TrainingException(
          folder
              + " was trained on "
              + root.path("batches_per_epoch")
              + " batches per epoch, now there are "
              + plan.batchesPerEpoch()
              + ": the data or its settings changed; restore them, or start anew with"
              + " overwrite_output_dir");
    }
    TrainerState.Counters counters =
        new TrainerState.Counters(
            new TrainingPosition(
                root.path("step").asLong(),
                root.path("epoch").asLong(),
                root.path("batch").asLong(),
                root.path("batches").asLong()),
            root.path("ended_epochs").asLong(),
            root.path("skipped_batches").asLong(),
            root.path("tokens").asLong(),
            root.path("seconds").asDouble(),
            root.path("total_loss").asDouble(),
            root.path("unlogged_loss").asDouble(),
            root.path("logged_step").asLong(),
            root.path("gradient_norm").asDouble());
    JsonNode trainer = JSON.readTree(folder.resolve(TRAINER_STATE).toFile());
    List<MetricRecord> history = new ArrayList<>();
    trainer.path("log_history").forEach(entry -> history.add(MetricRecord.ofJson(entry)));
    JsonNode best = trainer.path("best_metric");
    JsonNode bestFolder = trainer.path("best_model_checkpoint");
    return TrainerState.of(
        counters,
        history,
        best.isNumber() ? OptionalDouble.of(best.doubleValue()) : OptionalDouble.empty(),
        bestFolder.isTextual() ? Optional.of(Path.of(bestFolder.textValue())) : Optional.empty());
  }
}
