/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import java.time.Duration;

/** Arithmetic on nanoseconds that saturates at the largest long instead of overflowing. */
public final class Nanos {

  private Nanos() {}

  /** A duration, or the largest one of 292 years. */
  public static long of(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException e) {
      return duration.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  /** A moment some time, not negative, after another. */
  public static long plus(long moment, long duration) {
    return moment > Long.MAX_VALUE - duration ? Long.MAX_VALUE : moment + duration;
  }

  public static double toMillis(long nanos) {
    return nanos / 1e6;
  }

  public static Duration ofMillis(double millis) {
    return Duration.ofNanos((long) (millis * 1e6));
  }
}
