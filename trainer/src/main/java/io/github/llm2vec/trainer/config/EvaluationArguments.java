/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * When a model is evaluated while it is trained.
 *
 * @param strategy {@code eval_strategy} (or {@code evaluation_strategy})
 * @param interval {@code eval_steps}, if unsaid that of logging
 * @param delay {@code eval_delay}: epochs or updates, as the strategy has it, before the first time
 * @param onStart {@code eval_on_start}: whether the untrained model is evaluated, too
 */
public record EvaluationArguments(
    IntervalStrategy strategy, StepInterval interval, double delay, boolean onStart) {

  static EvaluationArguments read(ConfigValues values, StepInterval logging) {
    return new EvaluationArguments(
        values.choice("eval_strategy", IntervalStrategy.NO, IntervalStrategy::optionName),
        TrainingArguments.interval(values, "eval_steps", logging.value()),
        values.decimal("eval_delay", 0, Range.NOT_NEGATIVE),
        values.flag("eval_on_start", false));
  }

  /** Whether there is any evaluation while training. */
  public boolean happens() {
    return strategy != IntervalStrategy.NO || onStart;
  }
}
