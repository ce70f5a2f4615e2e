/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchDevice;
import io.github.llm2vec.serving.batching.Nanos;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One device of a service: the step that it runs, whether it works, and what its steps cost.
 * Guarded by the lock of the {@link RequestQueue}, but for what never changes.
 */
final class DeviceState {

  /**
   * How long after a failure it is tried again whether the device works: twice as long each time.
   */
  private static final long FIRST_RETRY_NANOS = Nanos.of(Duration.ofMillis(100));

  private static final long LAST_RETRY_NANOS = Nanos.of(Duration.ofSeconds(10));

  private final int index;
  private final BatchDevice device;
  private final BatchSizer sizer;
  private boolean stepRuns;
  private long stepStartNanos;
  private double stepMillis;
  private @Nullable String failure;
  private long pauseNanos = FIRST_RETRY_NANOS;
  private long retryNanos;

  DeviceState(int index, BatchDevice device, ServingOptions options) {
    this.index = index;
    this.device = device;
    this.sizer = new BatchSizer(options, device.layout(), device.maxBatchTokens());
  }

  /** Its place among the devices of the service, from 0. */
  int index() {
    return index;
  }

  BatchDevice device() {
    return device;
  }

  BatchSizer sizer() {
    return sizer;
  }

  /** Notes that a step begins, with its estimate. */
  void begin(double millis, long nowNanos) {
    stepRuns = true;
    stepStartNanos = nowNanos;
    stepMillis = millis;
  }

  /** Notes that the step has ended, however. */
  void end(long nowNanos) {
    stepRuns = false;
    sizer.paced(stepMillis, Nanos.toMillis(nowNanos - stepStartNanos));
  }

  /** Estimate of its present step, or of the last one. */
  double stepMillis() {
    return stepMillis;
  }

  boolean isIdle() {
    return !stepRuns;
  }

  /** How long the present step still takes, by estimate; who is late will be as late again. */
  double remainingMillis(long nowNanos) {
    return isReckoned() ? Math.abs(stepMillis - elapsedMillis(nowNanos)) : 0;
  }

  /** How many times its estimate the present step has taken so far, at least 1. */
  double slowness(long nowNanos) {
    return isReckoned() ? sizer.slowness(stepMillis, elapsedMillis(nowNanos)) : 1;
  }

  private boolean isReckoned() {
    return stepRuns && stepMillis > 0;
  }

  private double elapsedMillis(long nowNanos) {
    return Nanos.toMillis(nowNanos - stepStartNanos);
  }

  /** Leaves the device out until it is found to work again. */
  void fail(RuntimeException cause, long nowNanos) {
    failure = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    retryNanos = Nanos.plus(nowNanos, pauseNanos);
    pauseNanos = Math.min(2 * pauseNanos, LAST_RETRY_NANOS);
  }

  /** Takes the device in again. */
  void recover() {
    failure = null;
    pauseNanos = FIRST_RETRY_NANOS;
  }

  boolean works() {
    return failure == null;
  }

  /** Why it is left out, or "". */
  String failure() {
    return failure == null ? "" : failure;
  }

  /** When it is tried again whether it works, if it is left out. */
  long retryNanos() {
    return retryNanos;
  }
}
