/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The one thread on which a model's native calls run. libtorch keeps its executor switches and its
 * gradient mode per thread, and parallelises inside an operation, so a second thread would gain
 * nothing and cost a warm-up.
 */
final class DeviceThread implements AutoCloseable {

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final ExecutorService executor;

  DeviceThread() {
    executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "llm2vec-device-" + NUMBER.getAndIncrement());
              thread.setDaemon(true);
              thread.setContextClassLoader(DeviceThread.class.getClassLoader());
              return thread;
            });
    call(
        () -> {
          TorchRuntime.start();
          JniUtils.setGraphExecutorOptimize(false);
          return true;
        });
  }

  /**
   * Runs a task and waits for it. A native call cannot be stopped half-way, so an interrupt is
   * remembered until it is done.
   *
   * @throws IllegalStateException if this thread was closed
   */
  <T> T call(Callable<T> task) {
    Future<T> future;
    try {
      future = executor.submit(task);
    } catch (RejectedExecutionException e) {
      throw new IllegalStateException("the model is closed", e);
    }
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw rethrow(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException rethrow(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof RuntimeException exception) {
      // The caller's own frames belong in the trace of what failed on the device thread.
      exception.addSuppressed(new CallerTrace());
      return exception;
    }
    return new DeviceTaskException(cause);
  }

  /** Marks where a failed device task was submitted. */
  private static final class CallerTrace extends Exception {

    private static final long serialVersionUID = 1;

    CallerTrace() {
      super("submitted here");
    }
  }

  /** Carries a checked exception of a device task to the submitting thread. */
  static final class DeviceTaskException extends RuntimeException {

    private static final long serialVersionUID = 1;

    DeviceTaskException(Throwable cause) {
      super(cause);
    }
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
