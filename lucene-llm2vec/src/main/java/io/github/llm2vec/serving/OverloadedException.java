/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import java.time.Duration;

/** The lane of queries is full. Nothing was queued; the same request may succeed later. */
public final class OverloadedException extends ServingException {

  private static final long serialVersionUID = 1;

  private final Duration retryAfter;

  OverloadedException(long waitingTokens, long limitTokens, Duration retryAfter) {
    super(
        "%d tokens of queries wait and at most %d may; try again in %d ms"
            .formatted(waitingTokens, limitTokens, retryAfter.toMillis()),
        null);
    this.retryAfter = retryAfter;
  }

  /** In how long there will be room again, by estimate; at least a millisecond. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
