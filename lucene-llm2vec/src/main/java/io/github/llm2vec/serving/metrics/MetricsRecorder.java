/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchShape;
import java.util.ArrayList;
import java.util.List;
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
  private final List<OfDevice> devices = new ArrayList<>();
  private long queries;
  private long documents;
  private long tokens;
  private long paddedTokens;
  private long cacheHits;
  private long cacheMisses;
  private long joined;
  private long overloaded;
  private long deadlines;
  private long cancelled;
  private long failed;
  private long outOfMemory;

  /** What one device has done. */
  private static final class OfDevice {

    private final MovingRate busySeconds;
    private long steps;
    private long tokens;

    OfDevice(long nowNanos) {
      busySeconds = new MovingRate(nowNanos);
    }

    double busy(long nowNanos) {
      return Math.min(1, busySeconds.perSecond(nowNanos));
    }
  }

  /**
   * A recorder of a service.
   *
   * @param devices how many it has
   */
  public MetricsRecorder(int devices, long nowNanos) {
    tokenRate = new MovingRate(nowNanos);
    for (int i = 0; i < devices; i++) {
      this.devices.add(new OfDevice(nowNanos));
    }
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

  /** A batch ran on a device, whether or not it went well. */
  public synchronized void ran(int device, double millis, long nowNanos) {
    devices.get(device).steps++;
    step.record(millis);
    devices.get(device).busySeconds.add(millis / 1e3, nowNanos);
  }

  /** A batch went well on a device. */
  public synchronized void finished(int device, BatchShape shape, long nowNanos) {
    devices.get(device).tokens += shape.tokens();
    batchTokens.record((double) shape.tokens());
    tokens += shape.tokens();
    paddedTokens += shape.paddedTokens();
    tokenRate.add((double) shape.tokens(), nowNanos);
  }

  /**
   * A device, as far as it is known here.
   *
   * @param failure why it is left out, or ""
   */
  public synchronized ServingMetrics.Device device(
      int device, String name, String failure, ServingMetrics.Sizing sizing, long nowNanos) {
    OfDevice counts = devices.get(device);
    return new ServingMetrics.Device(
        name, failure, counts.steps, counts.tokens, counts.busy(nowNanos), sizing);
  }

  public synchronized ServingMetrics snapshot(
      ServingMetrics.Lane queryLane,
      ServingMetrics.Lane documentLane,
      List<ServingMetrics.Device> ofDevices,
      long nowNanos) {
    double waste = paddedTokens == 0 ? 0 : 1 - (double) tokens / paddedTokens;
    return new ServingMetrics(
        queryLane,
        documentLane,
        new ServingMetrics.Work(
            queries,
            documents,
            tokens,
            devices.stream().mapToLong(device -> device.steps).sum(),
            waste,
            tokenRate.perSecond(nowNanos),
            devices.stream().mapToDouble(device -> device.busy(nowNanos)).average().orElse(0)),
        new ServingMetrics.Sharing(cacheHits, cacheMisses, joined),
        new ServingMetrics.Losses(overloaded, deadlines, cancelled, failed, outOfMemory),
        new ServingMetrics.Timings(
            queryQueue.snapshot(),
            documentQueue.snapshot(),
            tokenize.snapshot(),
            step.snapshot(),
            batchTokens.snapshot()),
        ofDevices);
  }
}
