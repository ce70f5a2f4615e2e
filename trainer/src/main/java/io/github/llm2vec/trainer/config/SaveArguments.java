/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * When checkpoints are saved and which are kept.
 *
 * @param strategy {@code save_strategy}
 * @param interval {@code save_steps}
 * @param totalLimit {@code save_total_limit}: most checkpoints to keep
 * @param onlyModel {@code save_only_model}: whether the optimizer's state is left out, so that the
 *     run cannot be resumed
 * @param loadBestModelAtEnd {@code load_best_model_at_end}
 * @param bestMetric {@code metric_for_best_model}, {@code loss} if unsaid
 * @param greaterIsBetter {@code greater_is_better}; if unsaid, whether the metric is not a loss
 */
public record SaveArguments(
    TrainingArguments.IntervalStrategy strategy,
    TrainingArguments.Interval interval,
    OptionalInt totalLimit,
    boolean onlyModel,
    boolean loadBestModelAtEnd,
    String bestMetric,
    boolean greaterIsBetter) {

  static SaveArguments read(ConfigValues values, TrainingArguments.Evaluation evaluation) {
    TrainingArguments.IntervalStrategy strategy =
        values.choice("save_strategy", TrainingArguments.IntervalStrategy.STEPS);
    TrainingArguments.Interval interval = TrainingArguments.interval(values, "save_steps", 500);
    boolean best = values.flag("load_best_model_at_end", false);
    if (best) {
      checkBest(values, strategy, interval, evaluation);
    }
    Optional<String> metric = values.optionalText("metric_for_best_model");
    String name = metric.orElse(values.has("eval_retrieval") ? "ndcg_at_10" : "loss");
    return new SaveArguments(
        strategy,
        interval,
        values.optionalWhole("save_total_limit", 1),
        values.flag("save_only_model", false),
        best,
        name,
        values.optionalFlag("greater_is_better").orElse(!name.endsWith("loss")));
  }

  private static void checkBest(
      ConfigValues values,
      TrainingArguments.IntervalStrategy strategy,
      TrainingArguments.Interval interval,
      TrainingArguments.Evaluation evaluation) {
    if (strategy != evaluation.strategy() || strategy == TrainingArguments.IntervalStrategy.NO) {
      throw values.invalid(
          "load_best_model_at_end",
          ("needs every checkpoint to be evaluated, but save_strategy is %s and"
                  + " eval_strategy is %s; give both the same value, steps or epoch")
              .formatted(strategy.optionName(), evaluation.strategy().optionName()));
    }
    double ratio = interval.value() / evaluation.interval().value();
    // Shares such as 0.3 and 0.1 do not divide exactly in binary.
    if (strategy == TrainingArguments.IntervalStrategy.STEPS
        && Math.abs(ratio - Math.rint(ratio)) > 1e-9) {
      throw values.invalid(
          "load_best_model_at_end",
          ("needs every checkpoint to be evaluated, but save_steps %s is not a multiple"
                  + " of eval_steps %s")
              .formatted(interval.value(), evaluation.interval().value()));
    }
  }
}
