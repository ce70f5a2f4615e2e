/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import java.util.concurrent.CompletableFuture;

/**
 * Somebody who wants the vector of a text.
 *
 * @param future completed with a vector of the waiter's own
 * @param deadlineNanos on the service's clock, or {@link QueuedText#NO_DEADLINE}
 */
record Waiter(CompletableFuture<float[]> future, long deadlineNanos) {

  static Waiter until(long deadlineNanos) {
    return new Waiter(new CompletableFuture<>(), deadlineNanos);
  }
}
