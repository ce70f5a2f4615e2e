/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.serving.batching.Nanos;
import java.util.function.LongSupplier;

/**
 * Monotonic clock that starts at 0 with the service, so that moments can be compared and added
 * without care.
 */
final class ServiceClock {

  private final LongSupplier nanoTime;
  private final long origin;

  /** Begins now, by a clock that runs like {@link System#nanoTime()}. */
  ServiceClock(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.origin = nanoTime.getAsLong();
  }

  /** Nanoseconds since the beginning. */
  long nanos() {
    return nanoTime.getAsLong() - origin;
  }

  /** Milliseconds since a moment. */
  double millisSince(long moment) {
    return Nanos.toMillis(nanos() - moment);
  }
}
