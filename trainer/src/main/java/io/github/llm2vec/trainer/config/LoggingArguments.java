/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * When losses are logged.
 *
 * @param strategy {@code logging_strategy}
 * @param interval {@code logging_steps}
 * @param firstStep {@code logging_first_step}: whether the first update is logged, too
 */
public record LoggingArguments(
    IntervalStrategy strategy, StepInterval interval, boolean firstStep) {

  static LoggingArguments read(ConfigValues values) {
    return new LoggingArguments(
        values.choice("logging_strategy", IntervalStrategy.STEPS, IntervalStrategy::optionName),
        TrainingArguments.interval(values, "logging_steps", 500),
        values.flag("logging_first_step", false));
  }
}
