/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import org.apiguardian.api.API;

/** Exponentially weighted rate per second: older amounts count less. Not thread-safe. */
@API(status = API.Status.INTERNAL)
public final class MovingRate {

  /** Age at which an amount counts 1/e. */
  private static final double MEMORY_NANOS = 10e9;

  private final long startNanos;
  private long lastNanos;
  private double weighted;

  public MovingRate(long nowNanos) {
    startNanos = nowNanos;
    lastNanos = nowNanos;
  }

  public void add(double amount, long nowNanos) {
    forgetUntil(nowNanos);
    weighted += amount;
  }

  public double perSecond(long nowNanos) {
    forgetUntil(nowNanos);
    // Less than the memory long has not been seen yet right after the start.
    double seen = MEMORY_NANOS * -Math.expm1(-(nowNanos - startNanos) / MEMORY_NANOS);
    return seen <= 0 ? 0 : weighted / (seen / 1e9);
  }

  private void forgetUntil(long nowNanos) {
    weighted *= Math.exp(-Math.max(0, nowNanos - lastNanos) / MEMORY_NANOS);
    lastNanos = Math.max(lastNanos, nowNanos);
  }
}
