/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.metrics.MetricsRecorder;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loop of a device's thread: takes the next batch whenever the device is free, runs it and
 * completes its futures. Batches are not chosen ahead of time, so a query that comes while one runs
 * is in the next. A device that fails is left out and tried again by and by.
 */
final class DeviceWorker implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceWorker.class);

  private final DeviceState device;
  private final RequestQueue room;
  private final BatchRunner runner;
  private final Function<TextKey, String> fingerprint;
  private final QueryVectorCache cache;
  private final Executor completions;
  private final MetricsRecorder metrics;
  private final Runnable end;

  /**
   * A worker.
   *
   * @param completions completes futures
   * @param end told once when {@link #run} ends
   */
  DeviceWorker(ServiceParts parts, DeviceState device, Executor completions, Runnable end) {
    this.device = device;
    this.room = parts.room();
    this.runner = new BatchRunner(parts.model(), device, parts.clock(), parts.metrics());
    this.fingerprint = parts::fingerprint;
    this.cache = parts.cache();
    this.metrics = parts.metrics();
    this.completions = completions;
    this.end = end;
  }

  /** Runs steps until the room is closed. */
  @Override
  public void run() {
    try {
      while (room.awaitWork(device)) {
        step();
      }
    } finally {
      end.run();
    }
  }

  /**
   * Runs one batch, if anything waits, or tries a device again that was left out. Never throws:
   * what goes wrong fails the texts it concerns.
   */
  void step() {
    if (room.isToBeTried(device)) {
      tryAgain();
    } else if (device.works()) {
      runNext();
    }
  }

  private void tryAgain() {
    try {
      runner.probe();
    } catch (Throwable e) {
      LOG.debug("device {} still fails", device.device().name(), e);
      room.deviceFailed(device, List.of(), BatchRunner.asRuntime(e)).forEach(this::tell);
      return;
    }
    LOG.info("device {} works again", device.device().name());
    room.deviceRecovered(device);
  }

  private void runNext() {
    RequestQueue.NextBatch next;
    try {
      next = room.take(device);
    } catch (Throwable e) {
      // Whatever waits would fail the next time too, and for ever.
      LOG.error("choosing a batch failed; this is a bug. All waiting texts fail", e);
      failAll(room.clear(), e);
      return;
    }
    next.rejections().forEach(this::tell);
    if (next.batch().isEmpty()) {
      return;
    }
    try {
      runner.run(next.batch(), this::deliver);
    } catch (BatchRunner.DeviceFailedException e) {
      LOG.error("device {} fails and is left out", device.device().name(), e.reason());
      room.deviceFailed(device, e.left(), e.reason()).forEach(this::tell);
    } catch (Throwable e) {
      // An Error, such as a lack of heap: the thread must outlive it.
      LOG.error("running a batch of {} texts failed", next.batch().size(), e);
      next.batch().stream().filter(text -> !text.isFinished()).forEach(text -> fail(text, e));
    } finally {
      room.stepEnded(device);
    }
  }

  private void tell(RequestQueue.Rejection rejection) {
    completions.execute(
        () -> rejection.request().future().completeExceptionally(rejection.reason()));
  }

  private void failAll(List<PendingRequest> requests, Throwable cause) {
    completions.execute(
        () -> requests.forEach(request -> request.future().completeExceptionally(cause)));
  }

  private void fail(PendingText text, Throwable cause) {
    metrics.failed();
    failAll(room.finish(text), cause);
  }

  private void deliver(List<PendingText> texts, List<EncodingResult> results) {
    for (int i = 0; i < texts.size(); i++) {
      PendingText text = texts.get(i);
      if (results.get(i) instanceof EncodingResult.Encoded encoded) {
        metrics.encoded(text.role());
        if (text.role() == Role.QUERY) {
          // Before the text is taken for finished: an equal one must find one or the other.
          cache.put(fingerprint.apply(text.key()), text.key(), encoded.vector());
        }
      } else {
        metrics.failed();
      }
    }
    List<List<PendingRequest>> requests = texts.stream().map(room::finish).toList();
    completions.execute(
        () -> {
          for (int i = 0; i < results.size(); i++) {
            hand(results.get(i), requests.get(i));
          }
        });
  }

  private static void hand(EncodingResult result, List<PendingRequest> requests) {
    for (int i = 0; i < requests.size(); i++) {
      if (result instanceof EncodingResult.Encoded encoded) {
        boolean last = i == requests.size() - 1;
        requests.get(i).future().complete(last ? encoded.vector() : encoded.vector().clone());
      } else if (result instanceof EncodingResult.Failed failed) {
        requests.get(i).future().completeExceptionally(failed.cause());
      }
    }
  }
}
