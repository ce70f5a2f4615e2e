/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.jni.JniUtils;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread on which a model's native calls run. libtorch keeps its executor switches and its
 * gradient mode per thread, and parallelises inside an operation, so a second thread would gain
 * nothing and cost a warm-up.
 *
 * <p>While the process exits, libtorch's static data is destroyed, and a task that still ran would
 * crash. So a shutdown hook lets the task at hand end and refuses all others, also if nobody closes
 * this thread. Closing it takes the hook away again.
 */
final class DeviceThread implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceThread.class);

  private static final AtomicInteger NUMBER = new AtomicInteger();

  /** How long an exit waits for those who end their work themselves, and then for a task. */
  private static final Duration EXIT_PATIENCE = Duration.ofSeconds(30);

  /** Held for reading by those who end their work themselves when the process is to exit. */
  private static final ReentrantReadWriteLock ORDERLY = new ReentrantReadWriteLock();

  private final ExecutorService executor;
  private final Thread exitHook = new Thread(this::endBeforeExit, "llm2vec-exit");
  private volatile boolean exiting;

  /** A thread with as many threads within an operation as libtorch has by itself. */
  DeviceThread() {
    this(0);
  }

  /**
   * A thread with so many threads within an operation, itself among them, whatever others have:
   * libtorch's number is one of the process, but OpenMP, which starts them, keeps one per thread.
   *
   * @param threads at least 1, or 0 for as many as libtorch has by itself
   */
  DeviceThread(int threads) {
    executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "llm2vec-device-" + NUMBER.getAndIncrement());
              thread.setDaemon(true);
              thread.setContextClassLoader(DeviceThread.class.getClassLoader());
              return thread;
            });
    try {
      Runtime.getRuntime().addShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      executor.shutdown();
      throw new IllegalStateException("the process exits; no model is opened any more", e);
    }
    call(
        () -> {
          // Starts libtorch, and reads its own number before another is set.
          int all = TorchRuntime.threads();
          int wanted = threads > 0 ? threads : all;
          JniUtils.setGraphExecutorOptimize(false);
          // A new thread begins with what any other set last.
          if (JniUtils.getNumThreads() != wanted) {
            JniUtils.setNumThreads(wanted);
          }
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
      future = executor.submit(() -> runUnlessExiting(task));
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

  private <T> T runUnlessExiting(Callable<T> task) throws Exception {
    if (exiting) {
      throw new IllegalStateException("the process exits; the model runs nothing any more");
    }
    return task.call();
  }

  /**
   * A lock to be held while work is done that its owner brings to an end when the process is to
   * exit: for so long, and at most half a minute, the exit waits, and tasks are run.
   */
  static Lock orderlyExit() {
    return ORDERLY.readLock();
  }

  private void endBeforeExit() {
    long nanos = EXIT_PATIENCE.toNanos();
    try {
      if (ORDERLY.writeLock().tryLock(nanos, TimeUnit.NANOSECONDS)) {
        ORDERLY.writeLock().unlock();
      }
      exiting = true;
      executor.shutdown();
      if (!executor.awaitTermination(nanos, TimeUnit.NANOSECONDS)) {
        LOG.warn("a batch still runs {} after the process was to exit", EXIT_PATIENCE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static RuntimeException rethrow(@Nullable Throwable cause) {
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

    DeviceTaskException(@Nullable Throwable cause) {
      super(cause);
    }
  }

  /** Frees what was made on this thread, unless the process exits, and ends it. */
  void closeAfter(Runnable free) {
    try {
      call(
          () -> {
            free.run();
            return true;
          });
    } catch (IllegalStateException e) {
      // The exit frees it, faster; refused here is nothing else, as a thread is closed once.
      if (!exiting) {
        throw e;
      }
    } finally {
      close();
    }
  }

  @Override
  public void close() {
    executor.shutdown();
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      LOG.trace("the exit has begun, and waits for this thread", e);
    }
  }
}
