/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.Nanos;
import io.github.llm2vec.serving.batching.QueuedText;
import java.time.Duration;

/**
 * Admission control of the request queue: refuses queries and holds documents back when more waits
 * than the devices do in the configured time. Limits are in time of the devices, reckoned in
 * tokens; a lane that is empty takes any text. Called with the lanes' lock held; keeps nothing
 * itself.
 */
final class AdmissionControl {

  /** How many times longer than was expected when it came a query may wait. */
  private static final double PATIENCE = 2;

  private final Devices devices;
  private final long documentBytes;
  private final long queryBacklogNanos;
  private final double longestWaitMillis;

  AdmissionControl(Devices devices, ServingOptions options) {
    this.devices = devices;
    this.documentBytes = options.documentBacklogBytes();
    this.queryBacklogNanos = Nanos.of(options.queryBacklog());
    // Where queries wait behind documents, nothing is promised to them.
    this.longestWaitMillis =
        options.scheduling() == Scheduling.FIFO
            ? Double.POSITIVE_INFINITY
            : PATIENCE * Nanos.toMillis(queryBacklogNanos);
  }

  /**
   * Refuses a query for which there is no room: so much waits that the devices are expected to take
   * longer for it than may be, or the oldest has waited for longer than that already.
   */
  void requireRoom(LaneQueue queries, int tokens, long nowNanos) {
    if (queries.isEmpty()) {
      return;
    }
    long limit = devices.slowedBacklogTokens(Role.QUERY, nowNanos);
    boolean stuck = nowNanos - queries.oldestArrivalNanos() > queryBacklogNanos;
    if (stuck || queries.tokens() + tokens > limit) {
      double drain = devices.millisToDrain(Role.QUERY, queries.tokens(), nowNanos);
      Duration retryAfter = Nanos.ofMillis(Math.max(1, drain));
      throw new OverloadedException(
          queries.tokens(), stuck ? Math.min(limit, queries.tokens()) : limit, retryAfter);
    }
  }

  /** For how long a query may wait that was let in, if it is not in the next step anyway. */
  double longestWaitMillis() {
    return longestWaitMillis;
  }

  /** Whether a document need not wait for others to leave. */
  boolean hasRoom(LaneQueue documents, int tokens, long bytes, long nowNanos) {
    return documents.isEmpty()
        || (documents.tokens() + tokens <= devices.backlogTokens(Role.DOCUMENT, nowNanos)
            && documents.bytes() + bytes <= documentBytes);
  }

  /**
   * Refuses a text whose vector is expected after its deadline, so that nobody waits in vain and no
   * device works in vain. While one is idle, and before anything was measured, only a deadline in
   * the past is refused: an estimate may be wrong, and trying costs nobody anything.
   *
   * @param text not yet in the lane
   * @param idle whether a device runs nothing and nothing waits for it
   */
  void requireInTime(LaneQueue lane, QueuedText text, long nowNanos, boolean idle) {
    long deadline = text.deadlineNanos();
    if (deadline == QueuedText.NO_DEADLINE) {
      return;
    }
    double expected =
        idle ? 0 : devices.millisToDrain(text.role(), tokensBefore(lane, text), nowNanos);
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
