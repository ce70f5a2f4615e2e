/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchModel;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The workers of a service, one per device of its model, from their start to their end. The last
 * one that ends closes the model.
 */
final class Scheduler {

  private final RequestQueue room;
  private final BatchModel model;
  private final Executor completions;
  private final List<DeviceWorker> workers;
  private final AtomicInteger running;
  private final Runnable atEnd;
  private final CountDownLatch ended = new CountDownLatch(1);

  /**
   * A scheduler whose workers are yet to be run.
   *
   * @param completions completes futures
   * @param atEnd told when the last worker has ended
   */
  Scheduler(ServiceParts parts, Executor completions, Runnable atEnd) {
    this.atEnd = atEnd;
    this.room = parts.room();
    this.model = parts.model();
    this.completions = completions;
    this.workers =
        parts.devices().all().stream()
            .map(device -> new DeviceWorker(parts, device, this::complete, this::workerEnded))
            .toList();
    this.running = new AtomicInteger(workers.size());
  }

  /** One per device, each to be run on a thread of its own. */
  List<DeviceWorker> workers() {
    return workers;
  }

  /** Lets nothing in any more and fails what waits. The steps that run go on to their end. */
  void close() {
    room.close();
    List<PendingRequest> waiting = room.clear();
    RuntimeException reason = ServiceClosedException.whileWaiting();
    complete(() -> waiting.forEach(request -> request.future().completeExceptionally(reason)));
  }

  /** Counted down when the model is closed. */
  CountDownLatch ended() {
    return ended;
  }

  private void workerEnded() {
    if (running.decrementAndGet() > 0) {
      return;
    }
    try {
      model.close();
    } finally {
      ended.countDown();
      atEnd.run();
    }
  }

  /** What hangs on a future may take its time, which no device must wait for. */
  private void complete(Runnable completion) {
    try {
      completions.execute(completion);
    } catch (RejectedExecutionException e) {
      completion.run();
    }
  }
}
