/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * The workers of several devices on simulated time. Each runs its steps on a thread of its own, but
 * only one thread runs at any moment: it hands over when its step is to take time, and is woken
 * when that has passed. So steps overlap in time, and still everything happens in one order.
 */
final class SimulatedWorkers implements AutoCloseable {

  private final ServiceHarness harness;
  private final List<Worker> workers = new ArrayList<>();
  private final Semaphore main = new Semaphore(0);
  private volatile Throwable failure;
  private volatile boolean closed;

  SimulatedWorkers(ServiceHarness harness) {
    this.harness = harness;
    for (DeviceWorker worker : harness.scheduler.workers()) {
      workers.add(new Worker(worker));
    }
  }

  private final class Worker implements Runnable {

    private final DeviceWorker steps;
    private final Semaphore turn = new Semaphore(0);
    private boolean busy;

    Worker(DeviceWorker steps) {
      this.steps = steps;
      Thread thread = new Thread(this, "test-device");
      thread.setDaemon(true);
      thread.start();
    }

    @Override
    public void run() {
      while (true) {
        turn.acquireUninterruptibly();
        if (closed) {
          return;
        }
        try {
          steps.step();
        } catch (Throwable e) {
          failure = e;
        }
        busy = false;
        main.release();
      }
    }

    /** On the thread of the simulation: lets the worker run until it waits or is done. */
    void go() {
      turn.release();
      main.acquireUninterruptibly();
      if (failure != null) {
        throw new AssertionError(failure);
      }
    }
  }

  /** On a worker's thread: lets time pass for it. */
  void pass(int device, double millis) {
    Worker worker = workers.get(device);
    harness.time.at(harness.time.millis() + millis, worker::go);
    main.release();
    worker.turn.acquireUninterruptibly();
  }

  /** Notes what went wrong in a callback, so that the simulation fails. */
  void fail(Throwable cause) {
    failure = cause;
  }

  boolean isBusy(int device) {
    return workers.get(device).busy;
  }

  /** Has every device that is free take a step if anything waits, in this order. */
  void startFree(Iterable<Integer> order) {
    for (int device : order) {
      Worker worker = workers.get(device);
      if (!worker.busy && (!harness.isEmpty() || harness.isToBeTried(device))) {
        worker.busy = true;
        worker.go();
      }
    }
  }

  /** The same with the first device first. */
  void startFree() {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < workers.size(); i++) {
      order.add(i);
    }
    startFree(order);
  }

  /** Runs steps until nothing waits and nothing runs. */
  void drain() {
    do {
      startFree();
      if (workers.stream().anyMatch(worker -> worker.busy) && !harness.time.advanceToNext()) {
        throw new IllegalStateException("a device runs for ever");
      }
    } while (!harness.isEmpty() || workers.stream().anyMatch(worker -> worker.busy));
  }

  /** Ends the threads of devices that are free. */
  @Override
  public void close() {
    closed = true;
    workers.forEach(worker -> worker.turn.release());
  }
}
