/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.Nanos;
import io.github.llm2vec.serving.batching.QueuedText;
import java.time.Duration;

/**
 * Admission control of the request queue: refuses queries and holds documents back when more waits
 * than the device does in the configured time. Limits are in time of the device, reckoned in
 * tokens; a lane that is empty takes any text. Called with the lanes' lock held; keeps nothing
 * itself.
 */
final class AdmissionControl {

  /** How many times longer than was expected when it came a query may wait. */
  private static final double PATIENCE = 2;

  private final BatchSizer sizer;
  private final long documentBytes;
  private final long queryBacklogNanos;
  private final double longestWaitMillis;

  AdmissionControl(BatchSizer sizer, ServingOptions options) {
    this.sizer = sizer;
    this.documentBytes = options.documentBacklogBytes();
    this.queryBacklogNanos = Nanos.of(options.queryBacklog());
    // Where queries wait behind documents, nothing is promised to them.
    this.longestWaitMillis =
        options.scheduling() == Scheduling.FIFO
            ? Double.POSITIVE_INFINITY
            : PATIENCE * Nanos.toMillis(queryBacklogNanos);
  }

  /**
   * What the device does at the moment.
   *
   * @param idle whether it runs nothing and nothing waits for it
   * @param remainingMillis for which it still runs its present step, by estimate
   * @param slowness how many times its estimate that step has taken so far, at least 1
   */
  record Device(boolean idle, double remainingMillis, double slowness) {}

  /**
   * Refuses a query for which there is no room: so much waits that the device is expected to take
   * longer for it than may be, or the oldest has waited for longer than that already.
   */
  void requireRoom(LaneQueue queries, int tokens, long nowNanos, Device device) {
    if (queries.isEmpty()) {
      return;
    }
    long limit = (long) (sizer.backlogTokens(Role.QUERY, nowNanos) / device.slowness);
    boolean stuck = nowNanos - queries.oldestArrivalNanos() > queryBacklogNanos;
    if (stuck || queries.tokens() + tokens > limit) {
      double drain = sizer.drainMillis(Role.QUERY, queries.tokens(), nowNanos);
      Duration retryAfter =
          Nanos.ofMillis(Math.max(1, device.remainingMillis + device.slowness * drain));
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
        || (documents.tokens() + tokens <= sizer.backlogTokens(Role.DOCUMENT, nowNanos)
            && documents.bytes() + bytes <= documentBytes);
  }

  /**
   * Refuses a text whose vector is expected after its deadline, so that nobody waits in vain and
   * the device does nothing in vain. While the device is idle, and before anything was measured,
   * only a deadline in the past is refused: an estimate may be wrong, and trying costs nobody
   * anything.
   *
   * @param text not yet in the lane
   */
  void requireInTime(LaneQueue lane, QueuedText text, long nowNanos, Device device) {
    long deadline = text.deadlineNanos();
    if (deadline == QueuedText.NO_DEADLINE) {
      return;
    }
    double drain = sizer.drainMillis(text.role(), tokensBefore(lane, text), nowNanos);
    double expected = device.idle ? 0 : device.remainingMillis + device.slowness * drain;
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
