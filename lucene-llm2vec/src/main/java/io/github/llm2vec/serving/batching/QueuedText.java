/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import io.github.llm2vec.encoder.Role;

/**
 * A queued text as a {@link BatchPolicy} sees it.
 *
 * @param id given in the order of arrival, never twice
 * @param role decides the lane
 * @param tokens length
 * @param arrivalNanos when it was queued, on the service's clock
 * @param deadlineNanos when its vector is wanted, on the same clock; {@link #NO_DEADLINE} for never
 */
public record QueuedText(long id, Role role, int tokens, long arrivalNanos, long deadlineNanos) {

  public static final long NO_DEADLINE = Long.MAX_VALUE;

  public long ageNanos(long nowNanos) {
    return nowNanos - arrivalNanos;
  }
}
