/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
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
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();
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

  /** What a run adds up, as its state keeps it. */
  private static final class Sums {
    @JsonProperty private long endedEpochs;
    @JsonProperty private long skippedBatches;
    @JsonProperty private long tokens;
    @JsonProperty private double seconds;
    @JsonProperty private double totalLoss;
    @JsonProperty private double unloggedLoss;
    @JsonProperty private long loggedStep;
    @JsonProperty private double gradientNorm;
  }

  private Position position = new Position(0, 0, 0, 0);
  private Sums sums = new Sums();
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
    return sums.skippedBatches;
  }

  /** Tokens trained on. */
  public long tokens() {
    return sums.tokens;
  }

  /** Time trained, in seconds, over all processes. */
  public double seconds() {
    return sums.seconds;
  }

  /** Mean loss of all updates. */
  public double meanLoss() {
    return step() == 0 ? 0 : sums.totalLoss / step();
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
    return sums.gradientNorm;
  }

  void updated(Position after, TrainerCallback.Step report) {
    position = after;
    sums.totalLoss += report.loss();
    sums.unloggedLoss += report.loss();
    sums.tokens += report.tokens();
    sums.seconds += report.seconds();
    sums.gradientNorm = report.gradientNorm();
  }

  void skippedBatch() {
    sums.skippedBatches++;
  }

  /** Counts the end of an epoch; false if an earlier process did already. */
  boolean epochEnded(long epoch) {
    if (epoch < sums.endedEpochs) {
      return false;
    }
    sums.endedEpochs = epoch + 1;
    return true;
  }

  boolean hasUnloggedLoss() {
    return step() > sums.loggedStep;
  }

  /** Mean loss since the last call. */
  double takeUnloggedLoss() {
    double mean = sums.unloggedLoss / Math.max(1, step() - sums.loggedStep);
    sums.unloggedLoss = 0;
    sums.loggedStep = step();
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
    root.put("num_input_tokens_seen", sums.tokens);
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
    root.setAll(JSON.<ObjectNode>valueToTree(position));
    root.put("batches_per_epoch", plan.batchesPerEpoch());
    root.setAll(JSON.<ObjectNode>valueToTree(sums));
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
    state.position = JSON.treeToValue(root, Position.class);
    state.sums = JSON.treeToValue(root, Sums.class);
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
