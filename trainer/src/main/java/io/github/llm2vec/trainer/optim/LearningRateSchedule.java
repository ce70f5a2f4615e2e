/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.optim;

import java.util.Locale;
import java.util.Objects;

/**
 * The learning rate of every update, computed as {@code transformers.get_scheduler} computes it, in
 * the same order of operations, so that the numbers are the same doubles.
 *
 * @param type the shape
 * @param baseRate {@code learning_rate}, the highest rate
 * @param warmupUpdates updates of the warm-up, see {@link StepPlan#warmupUpdates}
 * @param totalUpdates the update at which a falling rate reaches 0
 * @param cycles {@code num_cycles} of the cosine: 0.5 falls once from the base rate to 0
 */
public record LearningRateSchedule(
    ScheduleType type, double baseRate, long warmupUpdates, long totalUpdates, double cycles) {

  /** {@code lr_scheduler_type}: the shape of the learning rate schedule. */
  public enum ScheduleType {
    /** Up during the warm-up, then straight down to 0 at the last update. */
    LINEAR,
    /** Up during the warm-up, then half a cosine down to 0 (or {@code num_cycles} of them). */
    COSINE,
    /** The same always; a warm-up is ignored, as transformers does. */
    CONSTANT,
    /** Up during the warm-up, then the same always. */
    CONSTANT_WITH_WARMUP;

    /** The spelling in configuration files. */
    public String optionName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** {@code num_cycles} where nothing else is said. */
  public static final double DEFAULT_CYCLES = 0.5;

  /** Checks the numbers. */
  public LearningRateSchedule {
    Objects.requireNonNull(type, "type");
    if (!(baseRate >= 0) || Double.isInfinite(baseRate)) {
      throw new IllegalArgumentException("learning_rate must be >= 0, got " + baseRate);
    }
    if (warmupUpdates < 0 || totalUpdates < 0) {
      throw new IllegalArgumentException(
          "updates must be >= 0, got " + warmupUpdates + " of warm-up and " + totalUpdates);
    }
  }

  /**
   * The learning rate of an update.
   *
   * @param update number of updates made before it: 0 for the first, whose rate is 0 if there is a
   *     warm-up
   */
  public double rate(long update) {
    return baseRate * factor(update);
  }

  /** What {@link #rate} is of the highest rate. */
  public double factor(long update) {
    if (type == ScheduleType.CONSTANT) {
      return 1.0;
    }
    if (update < warmupUpdates) {
      return (double) update / Math.max(1, warmupUpdates);
    }
    double falling = Math.max(1, totalUpdates - warmupUpdates);
    return switch (type) {
      case LINEAR -> Math.max(0.0, (totalUpdates - update) / falling);
      case COSINE -> {
        double progress = (update - warmupUpdates) / falling;
        yield Math.max(0.0, 0.5 * (1.0 + StrictMath.cos(Math.PI * cycles * 2.0 * progress)));
      }
      case CONSTANT, CONSTANT_WITH_WARMUP -> 1.0;
    };
  }
}
