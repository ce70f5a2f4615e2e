/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.metrics.MetricsRecorder;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loop of the scheduler thread: takes the next batch whenever the device is free, runs it and
 * completes its futures. Batches are not chosen ahead of time, so a query that comes while one runs
 * is in the next. Owns the model, which it closes when it ends.
 */
final class Scheduler implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  private final RequestQueue room;
  private final BatchRunner runner;
  private final BatchModel model;
  private final QueryVectorCache cache;
  private final Executor completions;
  private final MetricsRecorder metrics;
  private final CountDownLatch ended = new CountDownLatch(1);

  Scheduler(ServiceParts parts, Executor completions) {
    this.room = parts.room();
    this.runner = parts.runner();
    this.model = parts.model();
    this.cache = parts.cache();
    this.metrics = parts.metrics();
    this.completions = completions;
  }

  /** Runs steps until the room is closed. */
  @Override
  public void run() {
    try {
      while (room.awaitWork()) {
        step();
      }
    } finally {
      try {
        model.close();
      } finally {
        ended.countDown();
      }
    }
  }

  /** Lets nothing in any more and fails what waits. The step that runs goes on to its end. */
  void close() {
    room.close();
    failAll(room.clear(), ServiceClosedException.whileWaiting());
  }

  /** Counted down when the model is closed. */
  CountDownLatch ended() {
    return ended;
  }

  /**
   * Runs one batch, if anything waits. Never throws: what goes wrong fails the texts it concerns.
   */
  void step() {
    RequestQueue.NextBatch next;
    try {
      next = room.take();
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
    } catch (Throwable e) {
      // An Error, such as a lack of heap: the thread must outlive it.
      LOG.error("running a batch of {} texts failed", next.batch().size(), e);
      next.batch().stream().filter(text -> !text.isFinished()).forEach(text -> fail(text, e));
    } finally {
      room.stepEnded();
    }
  }

  private void tell(RequestQueue.Rejection rejections) {
    complete(() -> rejections.request().future().completeExceptionally(rejections.reason()));
  }

  private void failAll(List<PendingRequest> requests, Throwable cause) {
    complete(() -> requests.forEach(request -> request.future().completeExceptionally(cause)));
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
          cache.put(model.fingerprint(), text.key(), encoded.vector());
        }
      } else {
        metrics.failed();
      }
    }
    List<List<PendingRequest>> requests = texts.stream().map(room::finish).toList();
    complete(
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

  /** What hangs on a future may take its time, which the device must not wait for. */
  private void complete(Runnable completion) {
    try {
      completions.execute(completion);
    } catch (RejectedExecutionException e) {
      completion.run();
    }
  }
}
