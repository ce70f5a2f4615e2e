/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchShape;
import org.apiguardian.api.API;

/**
 * Records the counters, rates and histograms of a service.
 *
 * <p>Thread-safe.
 */
@API(status = API.Status.INTERNAL)
public final class MetricsRecorder {

  // All guarded by this.
  private final HistogramRecorder queryQueue = new HistogramRecorder();
  private final HistogramRecorder documentQueue = new HistogramRecorder();
  private final HistogramRecorder tokenize = new HistogramRecorder();
  private final HistogramRecorder step = new HistogramRecorder();
  private final HistogramRecorder batchTokens = new HistogramRecorder();
  private final MovingRate tokenRate;
  private final MovingRate busySeconds;
  private long queries;
  private long documents;
  private long tokens;
  private long paddedTokens;
  private long steps;
  private long cacheHits;
  private long cacheMisses;
  private long joined;
  private long overloaded;
  private long deadlines;
  private long cancelled;
  private long failed;
  private long outOfMemory;

  public MetricsRecorder(long nowNanos) {
    tokenRate = new MovingRate(nowNanos);
    busySeconds = new MovingRate(nowNanos);
  }

  public synchronized void lookedUp(boolean found) {
    if (found) {
      cacheHits++;
    } else {
      cacheMisses++;
    }
  }

  public synchronized void tokenized(int texts, double millis) {
    for (int i = 0; i < texts; i++) {
      tokenize.record(millis / texts);
    }
  }

  public synchronized void joined() {
    joined++;
  }

  public synchronized void overloaded() {
    overloaded++;
  }

  public synchronized void missedDeadline() {
    deadlines++;
  }

  public synchronized void cancelled() {
    cancelled++;
  }

  public synchronized void failed() {
    failed++;
  }

  public synchronized void outOfMemory() {
    outOfMemory++;
  }

  public synchronized void leftQueue(Role lane, double millis) {
    (lane == Role.QUERY ? queryQueue : documentQueue).record(millis);
  }

  public synchronized void encoded(Role role) {
    if (role == Role.QUERY) {
      queries++;
    } else {
      documents++;
    }
  }

  /** A batch ran, whether or not it went well. */
  public synchronized void ran(double millis, long nowNanos) {
    steps++;
    step.record(millis);
    busySeconds.add(millis / 1e3, nowNanos);
  }

  /** A batch went well. */
  public synchronized void finished(BatchShape shape, long nowNanos) {
    batchTokens.record((double) shape.tokens());
    tokens += shape.tokens();
    paddedTokens += shape.paddedTokens();
    tokenRate.add((double) shape.tokens(), nowNanos);
  }

  public synchronized ServingMetrics snapshot(
      ServingMetrics.Lane queryLane,
      ServingMetrics.Lane documentLane,
      ServingMetrics.Sizing sizing,
      long nowNanos) {
    double waste = paddedTokens == 0 ? 0 : 1 - (double) tokens / paddedTokens;
    return new ServingMetrics(
        queryLane,
        documentLane,
        new ServingMetrics.Work(
            queries,
            documents,
            tokens,
            steps,
            waste,
            tokenRate.perSecond(nowNanos),
            Math.min(1, busySeconds.perSecond(nowNanos))),
        new ServingMetrics.Sharing(cacheHits, cacheMisses, joined),
        new ServingMetrics.Losses(overloaded, deadlines, cancelled, failed, outOfMemory),
        new ServingMetrics.Timings(
            queryQueue.snapshot(),
            documentQueue.snapshot(),
            tokenize.snapshot(),
            step.snapshot(),
            batchTokens.snapshot()),
        sizing);
  }
}
