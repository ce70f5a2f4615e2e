/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.OptionalInt;

/**
 * Hugging Face's {@code TrainingArguments} as far as they mean something here; names and defaults
 * are those of transformers 4.44.
 *
 * @param run where the run writes and how it starts
 * @param batches how many examples are taken at once
 * @param optimizer AdamW
 * @param schedule length and learning rate
 * @param precision arithmetic and memory
 * @param logging when losses are logged
 * @param evaluation when the model is evaluated
 * @param saving when checkpoints are written
 */
public record TrainingArguments(
    RunArguments run,
    BatchArguments batches,
    OptimizerArguments optimizer,
    ScheduleArguments schedule,
    PrecisionArguments precision,
    LoggingArguments logging,
    EvaluationArguments evaluation,
    SaveArguments saving) {

  /** With upstream's default of {@code stop_after_n_steps}. */
  static TrainingArguments read(ConfigValues values) {
    return read(values, ScheduleArguments.UPSTREAM_STOP);
  }

  /** With another default of {@code stop_after_n_steps}. */
  static TrainingArguments read(ConfigValues values, OptionalInt stopAfter) {
    HuggingFaceKeys.apply(values);
    LoggingArguments logging = LoggingArguments.read(values);
    EvaluationArguments evaluation = EvaluationArguments.read(values, logging.interval());
    return new TrainingArguments(
        RunArguments.read(values, evaluation.happens()),
        BatchArguments.read(values),
        OptimizerArguments.read(values),
        ScheduleArguments.read(values, stopAfter),
        PrecisionArguments.read(values),
        logging,
        evaluation,
        SaveArguments.read(values, evaluation));
  }

  static StepInterval interval(ConfigValues values, String key, double fallback) {
    double value = values.decimal(key, fallback, Range.POSITIVE);
    if (!StepInterval.isPossible(value)) {
      throw values.invalid(
          key, "expected a whole number of steps, or a share of the run below 1, found " + value);
    }
    return new StepInterval(value);
  }
}
