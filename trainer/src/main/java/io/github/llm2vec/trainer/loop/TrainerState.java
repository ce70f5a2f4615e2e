/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.log.MetricRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Everything about a run that is not in its tensors. Not thread-safe. */
public final class TrainerState {

  private TrainingPosition position = TrainingPosition.START;
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

  /**
   * What a state is made of, for writing it down.
   *
   * @param position where the run is
   * @param endedEpochs epochs whose end was dealt with
   * @param skippedBatches batches that had nothing to learn from
   * @param tokens tokens trained on
   * @param seconds time trained
   * @param totalLoss sum of the losses of all updates
   * @param unloggedLoss sum of the losses of updates since the last log
   * @param loggedStep update of the last log
   * @param gradientNorm norm of the last update's gradient
   */
  record Counters(
      TrainingPosition position,
      long endedEpochs,
      long skippedBatches,
      long tokens,
      double seconds,
      double totalLoss,
      double unloggedLoss,
      long loggedStep,
      double gradientNorm) {}

  /** A state that was written down. */
  static TrainerState of(
      Counters counters, List<MetricRecord> history, OptionalDouble best, Optional<Path> folder) {
    TrainerState state = new TrainerState();
    state.position = counters.position();
    state.endedEpochs = counters.endedEpochs();
    state.skippedBatches = counters.skippedBatches();
    state.tokens = counters.tokens();
    state.seconds = counters.seconds();
    state.totalLoss = counters.totalLoss();
    state.unloggedLoss = counters.unloggedLoss();
    state.loggedStep = counters.loggedStep();
    state.gradientNorm = counters.gradientNorm();
    state.history.addAll(history);
    state.bestMetric = best;
    state.bestCheckpoint = folder;
    return state;
  }

  Counters counters() {
    return new Counters(
        position,
        endedEpochs,
        skippedBatches,
        tokens,
        seconds,
        totalLoss,
        unloggedLoss,
        loggedStep,
        gradientNorm);
  }

  /** Where the run is. */
  public TrainingPosition position() {
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

  void updated(TrainingPosition after, StepMetrics report) {
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
}
