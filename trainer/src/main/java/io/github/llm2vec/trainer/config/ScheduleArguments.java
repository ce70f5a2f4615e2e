/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.optim.LearningRateSchedule;
import io.github.llm2vec.trainer.optim.LearningRateSchedule.ScheduleType;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * How many updates a run makes, and its learning rate schedule.
 *
 * @param type {@code lr_scheduler_type}
 * @param cycles {@code num_cycles} in {@code lr_scheduler_kwargs}, for the cosine
 * @param warmupSteps {@code warmup_steps}; below 1 a share of the run, as in transformers 5
 * @param warmupRatio {@code warmup_ratio}, which counts if there are no steps
 * @param epochs {@code num_train_epochs}
 * @param maxSteps {@code max_steps}: updates of the run, whatever {@code num_train_epochs} says
 * @param horizon {@code lr_schedule_steps}: updates that the learning rate falls over; if unsaid,
 *     those of the whole run, although {@code stop_after_n_steps} ends it long before (upstream)
 * @param stopAfter {@code stop_after_n_steps}: updates after which the run ends all the same
 */
public record ScheduleArguments(
    ScheduleType type,
    double cycles,
    double warmupSteps,
    double warmupRatio,
    double epochs,
    OptionalInt maxSteps,
    OptionalInt horizon,
    OptionalInt stopAfter) {

  /** Upstream's own default of {@code stop_after_n_steps}. */
  static final OptionalInt UPSTREAM_STOP = OptionalInt.of(10_000);

  static ScheduleArguments read(ConfigValues values, OptionalInt stopAfter) {
    int maxSteps = values.whole("max_steps", -1, -1);
    double warmupSteps = values.decimal("warmup_steps", 0, ConfigValues.Range.NOT_NEGATIVE);
    if (warmupSteps > 1 && warmupSteps != Math.rint(warmupSteps)) {
      throw values.invalid(
          "warmup_steps", "expected a whole number, or a share below 1, found " + warmupSteps);
    }
    double warmupRatio = values.decimal("warmup_ratio", 0, ConfigValues.Range.SHARE);
    if (warmupSteps > 0 && warmupRatio > 0) {
      values.note("warmup_steps is used; warmup_ratio has no effect beside it");
    }
    if (maxSteps > 0 && values.has("num_train_epochs")) {
      values.note("max_steps is used; num_train_epochs has no effect beside it");
    }
    return new ScheduleArguments(
        values.choice("lr_scheduler_type", ScheduleType.LINEAR, ScheduleType::optionName),
        cycles(values),
        warmupSteps,
        warmupRatio,
        values.decimal("num_train_epochs", 3, ConfigValues.Range.POSITIVE),
        maxSteps > 0 ? OptionalInt.of(maxSteps) : OptionalInt.empty(),
        values.optionalWhole("lr_schedule_steps", 1),
        stopAfter.isPresent()
            ? OptionalInt.of(values.whole("stop_after_n_steps", stopAfter.getAsInt(), 1))
            : values.optionalWhole("stop_after_n_steps", 1));
  }

  private static double cycles(ConfigValues values) {
    JsonNode given = values.json("lr_scheduler_kwargs").orElse(null);
    if (given == null) {
      return LearningRateSchedule.DEFAULT_CYCLES;
    }
    JsonNode object = given;
    if (given.isTextual()) {
      try {
        object = new ObjectMapper().readTree(given.textValue());
      } catch (IOException e) {
        throw values.invalid("lr_scheduler_kwargs", "expected a JSON object, found " + given);
      }
    }
    JsonNode cycles = object.path("num_cycles");
    boolean understood =
        object.isObject() && (object.isEmpty() || (object.size() == 1 && cycles.isNumber()));
    if (!understood) {
      throw values.invalid(
          "lr_scheduler_kwargs", "expected {\"num_cycles\": 0.5} or {}, found " + given);
    }
    return cycles.isNumber() ? cycles.doubleValue() : LearningRateSchedule.DEFAULT_CYCLES;
  }

  /** The updates of a run. */
  public StepPlan plan(long batchesPerEpoch, int accumulation) {
    return maxSteps.isPresent()
        ? StepPlan.ofUpdates(batchesPerEpoch, accumulation, maxSteps.getAsInt())
        : StepPlan.ofEpochs(batchesPerEpoch, accumulation, epochs);
  }

  /** The learning rates of a run. */
  public LearningRateSchedule schedule(StepPlan plan, double learningRate) {
    long falling = horizon.isPresent() ? horizon.getAsInt() : plan.totalUpdates();
    return new LearningRateSchedule(
        type,
        learningRate,
        StepPlan.warmupUpdates(falling, warmupSteps, warmupRatio),
        falling,
        cycles);
  }

  /** The update at which a run ends. */
  public long lastUpdate(StepPlan plan) {
    return Math.min(plan.totalUpdates(), stopAfter.orElse(Integer.MAX_VALUE));
  }
}
