/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * Every how many updates something happens.
 *
 * @param value a whole number of updates, or below 1 a share of the whole run
 */
public record StepInterval(double value) {

  /** Checks the number. */
  public StepInterval {
    if (!isPossible(value)) {
      throw new IllegalArgumentException(
          "an interval is a whole number of updates or a share between 0 and 1, got " + value);
    }
  }

  static boolean isPossible(double value) {
    return value > 0 && value < Integer.MAX_VALUE && (value < 1 || value == Math.rint(value));
  }

  /**
   * The interval in updates.
   *
   * @param totalUpdates updates of the whole run
   */
  public long updates(long totalUpdates) {
    return value < 1 ? Math.max(1, (long) Math.ceil(totalUpdates * value)) : (long) value;
  }
}
