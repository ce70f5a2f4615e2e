/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Another thread that uses a service. */
final class Caller<T> {

  private final FutureTask<T> task;
  private final Thread thread;

  private Caller(Callable<T> call) {
    task = new FutureTask<>(call);
    thread = new Thread(task, "test-caller");
    thread.setDaemon(true);
  }

  static <T> Caller<T> start(Callable<T> call) {
    Caller<T> caller = new Caller<>(call);
    caller.thread.start();
    return caller;
  }

  void interrupt() {
    thread.interrupt();
  }

  boolean isDone() {
    return task.isDone();
  }

  /** Waits for what the call returned; what it threw fails the test. */
  T result() {
    try {
      return task.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }
}
