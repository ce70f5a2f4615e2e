/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.serving.batching.Nanos;
import java.time.Duration;

/**
 * There are too many queries: the lane is full and nothing was queued, or the query has waited for
 * twice as long as it was to. The same request may succeed later.
 */
public final class OverloadedException extends ServingException {

  private static final long serialVersionUID = 1;

  private final Duration retryAfter;

  OverloadedException(long waitingTokens, long limitTokens, Duration retryAfter) {
    this(
        "%s tokens of queries wait and at most %s may".formatted(waitingTokens, limitTokens),
        retryAfter);
  }

  private OverloadedException(String message, Duration retryAfter) {
    super("%s; try again in %s ms".formatted(message, retryAfter.toMillis()));
    this.retryAfter = retryAfter;
  }

  /** Of a query that was let in before the device became slower than was expected. */
  static OverloadedException afterWaiting(double waitedMillis, double drainMillis) {
    return new OverloadedException(
        "the query has waited for %s ms, since the device has become slower, and others are before it"
            .formatted(Math.round(waitedMillis)),
        Nanos.ofMillis(Math.max(1, drainMillis)));
  }

  /** In how long there will be room again, by estimate; at least a millisecond. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
