/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.optim.LearningRateSchedule;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Logs, evaluates and saves between updates, in this order, when transformers 4.44 does it ({@code
 * DefaultFlowCallback}). Beyond that the last update of a run is logged and saved, whatever its
 * number.
 */
final class TrainingCallbacks {

  private final TrainingArguments arguments;
  private final StepPlan plan;
  private final LearningRateSchedule schedule;
  private final Optional<ModelEvaluation> evaluator;
  private final Checkpointer checkpointer;
  private final List<TrainerCallback> callbacks;
  private final Interval logs;
  private final Interval evaluations;
  private final Interval saves;
  private long evaluatedStep = -1;
  private long savedStep = -1;

  /**
   * When a recurring event happens: after every so many updates, at the ends of epochs, or never.
   */
  private record Interval(TrainingArguments.IntervalStrategy strategy, long every) {

    static Interval of(
        TrainingArguments.IntervalStrategy strategy,
        TrainingArguments.Interval interval,
        long totalUpdates) {
      return new Interval(strategy, interval.updates(totalUpdates));
    }

    boolean afterUpdate(long step) {
      return strategy == TrainingArguments.IntervalStrategy.STEPS && step % every == 0;
    }

    boolean atEpochEnd() {
      return strategy == TrainingArguments.IntervalStrategy.EPOCH;
    }

    boolean ever() {
      return strategy != TrainingArguments.IntervalStrategy.NO;
    }
  }

  TrainingCallbacks(
      TrainingArguments arguments,
      StepPlan plan,
      LearningRateSchedule schedule,
      Optional<ModelEvaluation> evaluator,
      Checkpointer checkpointer,
      List<TrainerCallback> callbacks) {
    this.arguments = arguments;
    this.plan = plan;
    this.schedule = schedule;
    this.evaluator = evaluator;
    this.checkpointer = checkpointer;
    this.callbacks = callbacks;
    long total = plan.totalUpdates();
    this.logs = Interval.of(arguments.logging().strategy(), arguments.logging().interval(), total);
    TrainingArguments.Evaluation evaluation = arguments.evaluation();
    this.evaluations = Interval.of(evaluation.strategy(), evaluation.interval(), total);
    this.saves = Interval.of(arguments.saving().strategy(), arguments.saving().interval(), total);
  }

  void started(TrainerState state) throws IOException {
    savedStep = state.step();
    if (arguments.evaluation().onStart() && state.step() == 0) {
      evaluate(state);
    }
  }

  void updated(TrainerState state) throws IOException {
    long step = state.step();
    if (logs.afterUpdate(step) || (step == 1 && arguments.logging().firstStep())) {
      log(state);
    }
    Map<String, Double> figures = Map.of();
    if (evaluations.afterUpdate(step) && arguments.evaluation().delay() <= step) {
      figures = evaluate(state);
    }
    if (saves.afterUpdate(step)) {
      save(state, figures);
    }
  }

  void epochEnded(TrainerState state, long epoch) throws IOException {
    if (!state.epochEnded(epoch) || state.step() == 0) {
      return;
    }
    if (logs.atEpochEnd() && state.hasUnloggedLoss()) {
      log(state);
    }
    Map<String, Double> figures = Map.of();
    if (evaluations.atEpochEnd() && arguments.evaluation().delay() <= epoch + 1) {
      figures = evaluate(state);
    }
    if (saves.atEpochEnd()) {
      save(state, figures);
    }
  }

  /**
   * @param complete whether the last update was made; otherwise the run was asked to stop
   */
  void ended(TrainerState state, boolean complete) throws IOException {
    if (logs.ever() && complete && state.hasUnloggedLoss()) {
      log(state);
    }
    Map<String, Double> figures = Map.of();
    if (complete && evaluations.atEpochEnd() && evaluatedStep != state.step()) {
      figures = evaluate(state);
    }
    if ((saves.ever() || !complete) && savedStep != state.step()) {
      save(state, figures);
    }
  }

  /** Evaluates the result, unless that was done after the last update and it is the result. */
  Map<String, Double> lastEvaluation(TrainerState state) throws IOException {
    for (MetricRecord metric : state.history()) {
      boolean same = metric.step() == state.step() && isEvaluation(metric.values());
      if (same && !arguments.saving().loadBestModelAtEnd()) {
        return metric.values();
      }
    }
    return evaluator.orElseThrow().evaluate();
  }

  private static boolean isEvaluation(Map<String, Double> values) {
    return values.keySet().stream().anyMatch(name -> name.startsWith("eval_"));
  }

  private void log(TrainerState state) throws IOException {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", state.takeUnloggedLoss());
    values.put("grad_norm", state.gradientNorm());
    // As in transformers, which has moved its schedule on when it logs: the rate of the next
    // update.
    values.put("learning_rate", schedule.rate(state.step()));
    record(state, values);
  }

  private Map<String, Double> evaluate(TrainerState state) throws IOException {
    if (evaluator.isEmpty()) {
      return Map.of();
    }
    Map<String, Double> figures = evaluator.get().evaluate();
    evaluatedStep = state.step();
    record(state, figures);
    return figures;
  }

  /** Adds metrics to the history and tells the callbacks. */
  void record(TrainerState state, Map<String, Double> values) throws IOException {
    MetricRecord metric = new MetricRecord(state.step(), plan.epochAfter(state.step()), values);
    state.record(metric);
    for (TrainerCallback callback : callbacks) {
      callback.logged(metric);
    }
  }

  private void save(TrainerState state, Map<String, Double> figures) throws IOException {
    if (savedStep == state.step() && figures.isEmpty()) {
      return;
    }
    Path path = checkpointer.save(state, figures);
    savedStep = state.step();
    callbacks.forEach(callback -> callback.saved(path));
  }
}
