/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import java.time.Duration;

/**
 * Decides whether a text may join its lane. Limits are in time of the device, reckoned in tokens; a
 * lane that is empty takes any text. Called with the lanes' lock held; keeps nothing itself.
 */
final class Admission {

  private final StepSizer sizer;
  private final long documentBytes;

  Admission(StepSizer sizer, ServingOptions options) {
    this.sizer = sizer;
    this.documentBytes = options.documentBacklogBytes();
  }

  /**
   * Refuses a query for which there is no room.
   *
   * @param busyMillis for which the device still runs its present step
   */
  void requireRoom(LaneQueue queries, int tokens, long nowNanos, double busyMillis) {
    long limit = sizer.backlogTokens(Role.QUERY, nowNanos);
    if (!queries.isEmpty() && queries.tokens() + tokens > limit) {
      double drain = sizer.drainMillis(Role.QUERY, queries.tokens(), nowNanos);
      Duration retryAfter = Nanos.ofMillis(Math.max(1, busyMillis + drain));
      throw new OverloadedException(queries.tokens(), limit, retryAfter);
    }
  }

  /** Whether a document need not wait for others to leave. */
  boolean hasRoom(LaneQueue documents, int tokens, long bytes, long nowNanos) {
    return documents.isEmpty()
        || (documents.tokens() + tokens <= sizer.backlogTokens(Role.DOCUMENT, nowNanos)
            && documents.bytes() + bytes <= documentBytes);
  }

  /**
   * Refuses a text whose vector is expected after its deadline, so that nobody waits in vain and
   * the device does nothing in vain. Before anything was measured only a deadline in the past is
   * refused.
   *
   * @param text not yet in the lane
   * @param busyMillis for which the device still runs its present step
   */
  void requireInTime(LaneQueue lane, QueuedText text, long nowNanos, double busyMillis) {
    long deadline = text.deadlineNanos();
    if (deadline == QueuedText.NO_DEADLINE) {
      return;
    }
    double expected =
        busyMillis + sizer.drainMillis(text.role(), tokensBefore(lane, text), nowNanos);
    double allowed = Nanos.toMillis(deadline - nowNanos);
    if (allowed <= 0 || expected > allowed) {
      throw DeadlineExceededException.cannotBeMet(expected, Math.max(0, allowed));
    }
  }

  /** Tokens that run before the end of a text: its own, and those that come before it. */
  private static long tokensBefore(LaneQueue lane, QueuedText text) {
    if (text.role() == Role.DOCUMENT) {
      return lane.tokens() + text.tokens();
    }
    long tokens = text.tokens();
    for (PendingText other : lane.all()) {
      if (other.view().deadlineNanos() <= text.deadlineNanos()) {
        tokens += other.view().tokens();
      }
    }
    return tokens;
  }
}
