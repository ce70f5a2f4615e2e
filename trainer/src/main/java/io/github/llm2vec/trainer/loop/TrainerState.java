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
 * The progress of a training run beside its tensors, like {@code transformers.TrainerState}. In a
 * checkpoint it is {@code trainer_state.json} with exactly the keys of transformers 4.44, whose own
 * reader refuses any other, and {@code run_state.json} with what is needed beyond them to go on at
 * the same batch. Not thread-safe.
 */
public final class TrainerState {

  private static final String TRAINER_STATE = "trainer_state.json";
  private static final String RUN_STATE = "run_state.json";
  private static final int FORMAT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectWriter WRITER = JSON.writerWithDefaultPrettyPrinter();

  /**
   * Where a run is in its data, always just after an update, so that no gradient is half
   * accumulated.
   *
   * @param step updates made
   * @param epoch the epoch that the next batch is of, from 0
   * @param batch batches of that epoch taken already
   * @param batches batches of the whole run that gradients were computed of
   */
  record Position(long step, long epoch, long batch, long batches) {}

  private Position position = new Position(0, 0, 0, 0);
  private long endedEpochs;
  private long skippedBatches;
  private long tokens;
  private double seconds;
  private double totalLoss;
  private double unloggedLoss;
  private long loggedStep;
  private double gradientNorm;
  private final List<MetricRecord> history = new ArrayList<>();
  private OptionalDouble bestMetric = OptionalDouble.empty();
  private Optional<Path> bestCheckpoint = Optional.empty();

  /** A run that has not begun. */
  public TrainerState() {}

  /** Where the run is. */
  Position position() {
    return position;
  }

  /** Updates made. */
  public long step() {
    return position.step();
  }

  /** Batches that had nothing to learn from. */
  public long skippedBatches() {
    return skippedBatches;
  }

  /** Tokens trained on. */
  public long tokens() {
    return tokens;
  }

  /** Time trained, in seconds, over all processes. */
  public double seconds() {
    return seconds;
  }

  /** Mean loss of all updates. */
  public double meanLoss() {
    return step() == 0 ? 0 : totalLoss / step();
  }

  /** Every record of the run. */
  public List<MetricRecord> history() {
    return List.copyOf(history);
  }

  /** The best figure of an evaluated checkpoint. */
  public OptionalDouble bestMetric() {
    return bestMetric;
  }

  /** The checkpoint of that figure. */
  public Optional<Path> bestCheckpoint() {
    return bestCheckpoint;
  }

  /** The gradient's norm of the last update. */
  public double gradientNorm() {
    return gradientNorm;
  }

  void updated(Position after, TrainerCallback.Step report) {
    position = after;
    totalLoss += report.loss();
    unloggedLoss += report.loss();
    tokens += report.tokens();
    seconds += report.seconds();
    gradientNorm = report.gradientNorm();
  }

  void skippedBatch() {
    skippedBatches++;
  }

  /** Counts the end of an epoch; false if an earlier process did already. */
  boolean epochEnded(long epoch) {
    if (epoch < endedEpochs) {
      return false;
    }
    endedEpochs = epoch + 1;
    return true;
  }

  boolean hasUnloggedLoss() {
    return step() > loggedStep;
  }

  /** Mean loss since the last call. */
  double takeUnloggedLoss() {
    double mean = unloggedLoss / Math.max(1, step() - loggedStep);
    unloggedLoss = 0;
    loggedStep = step();
    return mean;
  }

  void record(MetricRecord metric) {
    history.add(metric);
  }

  void best(double metric, Path checkpoint) {
    bestMetric = OptionalDouble.of(metric);
    bestCheckpoint = Optional.of(checkpoint);
  }

  /** Writes {@code trainer_state.json}. */
  void writeTrainerState(Path folder, TrainingArguments arguments, StepPlan plan)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    if (bestMetric.isPresent()) {
      root.put("best_metric", bestMetric.getAsDouble());
    } else {
      root.putNull("best_metric");
    }
    root.put("best_model_checkpoint", bestCheckpoint.map(Path::toString).orElse(null));
    root.put("epoch", plan.epochAfter(step()));
    root.put("eval_steps", arguments.evaluation().interval().value());
    root.put("global_step", step());
    root.put("is_hyper_param_search", false);
    root.put("is_local_process_zero", true);
    root.put("is_world_process_zero", true);
    ArrayNode log = root.putArray("log_history");
    history.forEach(metric -> log.add(metric.toJson()));
    root.put("logging_steps", arguments.logging().interval().value());
    root.put("max_steps", plan.totalUpdates());
    root.put("num_input_tokens_seen", tokens);
    root.put("num_train_epochs", (long) Math.ceil(arguments.schedule().epochs()));
    root.put("save_steps", arguments.saving().interval().value());
    root.putObject("stateful_callbacks");
    root.put("total_flos", 0.0);
    root.put("train_batch_size", arguments.batches().trainBatchSize());
    root.putNull("trial_name");
    root.putNull("trial_params");
    Files.writeString(folder.resolve(TRAINER_STATE), WRITER.writeValueAsString(root) + "\n");
  }

  /** Writes {@code run_state.json}. */
  void writeRunState(Path folder, TrainingArguments arguments, StepPlan plan) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    root.put("step", position.step());
    root.put("epoch", position.epoch());
    root.put("batch", position.batch());
    root.put("batches", position.batches());
    root.put("batches_per_epoch", plan.batchesPerEpoch());
    root.put("ended_epochs", endedEpochs);
    root.put("skipped_batches", skippedBatches);
    root.put("tokens", tokens);
    root.put("seconds", seconds);
    root.put("total_loss", totalLoss);
    root.put("unlogged_loss", unloggedLoss);
    root.put("logged_step", loggedStep);
    root.put("gradient_norm", gradientNorm);
    root.put("seed", arguments.run().seed());
    root.put("data_seed", arguments.run().orderSeed());
    Files.writeString(folder.resolve(RUN_STATE), WRITER.writeValueAsString(root) + "\n");
  }

  /**
   * Reads both files.
   *
   * @throws IOException if they are not there, or of other data
   */
  static TrainerState read(Path folder, StepPlan plan) throws IOException {
    Path file = folder.resolve(RUN_STATE);
    if (!Files.exists(file)) {
      throw new TrainingException(
          "%s cannot be resumed: it has no %s; was it written with save_only_model, or by Python?"
              .formatted(folder, RUN_STATE));
    }
    JsonNode root = JSON.readTree(file.toFile());
    if (root.path("format").asInt() != FORMAT) {
      throw new TrainingException(
          file + " is of format " + root.path("format") + ", expected " + FORMAT);
    }
    if (root.path("batches_per_epoch").asLong() != plan.batchesPerEpoch()) {
      throw new TrainingException(
          ("%s was trained on %s batches per epoch, now there are %s: the data or its"
                  + " settings changed; restore them, or start anew with overwrite_output_dir")
              .formatted(folder, root.path("batches_per_epoch"), plan.batchesPerEpoch()));
    }
    TrainerState state = new TrainerState();
    state.position =
        new Position(
            root.path("step").asLong(),
            root.path("epoch").asLong(),
            root.path("batch").asLong(),
            root.path("batches").asLong());
    state.endedEpochs = root.path("ended_epochs").asLong();
    state.skippedBatches = root.path("skipped_batches").asLong();
    state.tokens = root.path("tokens").asLong();
    state.seconds = root.path("seconds").asDouble();
    state.totalLoss = root.path("total_loss").asDouble();
    state.unloggedLoss = root.path("unlogged_loss").asDouble();
    state.loggedStep = root.path("logged_step").asLong();
    state.gradientNorm = root.path("gradient_norm").asDouble();
    JsonNode trainer = JSON.readTree(folder.resolve(TRAINER_STATE).toFile());
    trainer.path("log_history").forEach(entry -> state.history.add(MetricRecord.ofJson(entry)));
    JsonNode best = trainer.path("best_metric");
    JsonNode bestFolder = trainer.path("best_model_checkpoint");
    if (best.isNumber()) {
      state.bestMetric = OptionalDouble.of(best.doubleValue());
    }
    if (bestFolder.isTextual()) {
      state.bestCheckpoint = Optional.of(Path.of(bestFolder.textValue()));
    }
    return state;
  }
}
