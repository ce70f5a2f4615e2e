/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.serving.batching.QueuedText;
import java.util.concurrent.CompletableFuture;

/**
 * A caller's request for the vector of a text.
 *
 * @param future completed with a vector of the waiter's own
 * @param deadlineNanos on the service's clock, or {@link QueuedText#NO_DEADLINE}
 * @param refusable whether it may be refused when it has waited for too long. A caller with many
 *     texts waits for its own
 */
record PendingRequest(CompletableFuture<float[]> future, long deadlineNanos, boolean refusable) {

  /** Waits for one text. */
  static PendingRequest until(long deadlineNanos) {
    return new PendingRequest(new CompletableFuture<>(), deadlineNanos, true);
  }

  /** Waits for one text of many. */
  static PendingRequest amongMany() {
    return new PendingRequest(new CompletableFuture<>(), QueuedText.NO_DEADLINE, false);
  }
}
