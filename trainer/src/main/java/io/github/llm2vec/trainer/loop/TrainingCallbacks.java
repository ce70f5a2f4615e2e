/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.config.EvaluationArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.optim.LearningRateSchedule;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What happens between updates: logging, evaluation and saving, in this order, when transformers
 * 4.44 does it. Beyond that the last update of a run is logged and saved, whatever its number.
 */
public final class TrainingCallbacks {

  private final Path folder;
  private final TrainingArguments arguments;
  private final LearningRateSchedule schedule;
  private final TrainerStateFiles states;
  private final Optional<Evaluator<?>> evaluator;
  private final Checkpointer checkpointer;
  private final TrainerCallback listener;
  private final Interval logs;
  private final Interval evaluations;
  private final Interval saves;
  private long evaluatedStep = -1;
  private long savedStep = -1;

  /**
   * What it works with.
   *
   * @param folder the run's own
   * @param arguments what is configured
   * @param plan how many updates there are
   * @param schedule their learning rates
   * @param evaluator measures the model, if that is wanted
   * @param checkpointer writes checkpoints
   * @param listener told of every record
   */
  record Parts(
      Path folder,
      TrainingArguments arguments,
      StepPlan plan,
      LearningRateSchedule schedule,
      Optional<Evaluator<?>> evaluator,
      Checkpointer checkpointer,
      TrainerCallback listener) {}

  TrainingCallbacks(Parts parts) {
    this.folder = parts.folder();
    this.arguments = parts.arguments();
    this.schedule = parts.schedule();
    this.states = new TrainerStateFiles(parts.arguments(), parts.plan());
    this.evaluator = parts.evaluator();
    this.checkpointer = parts.checkpointer();
    this.listener = parts.listener();
    long total = parts.plan().totalUpdates();
    this.logs = Interval.of(arguments.logging().strategy(), arguments.logging().interval(), total);
    EvaluationArguments evaluation = arguments.evaluation();
    this.evaluations = Interval.of(evaluation.strategy(), evaluation.interval(), total);
    this.saves = Interval.of(arguments.saving().strategy(), arguments.saving().interval(), total);
  }

  /** The folder of the run. */
  Path folder() {
    return folder;
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
   * @param complete whether the last update was made; otherwise somebody asked to stop
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

  private void record(TrainerState state, Map<String, Double> values) throws IOException {
    MetricRecord metric = new MetricRecord(state.step(), states.epochAfter(state.step()), values);
    state.record(metric);
    listener.logged(metric);
  }

  private void save(TrainerState state, Map<String, Double> figures) throws IOException {
    if (savedStep == state.step() && figures.isEmpty()) {
      return;
    }
    Path path = checkpointer.save(state, figures);
    savedStep = state.step();
    listener.saved(path);
  }
}
