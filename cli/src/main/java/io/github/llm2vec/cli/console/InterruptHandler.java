/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets Ctrl-C end long work between two steps instead of in the middle of one: the JVM's shutdown
 * waits until the command has reached a safe place, and native code is not torn down while it runs.
 *
 * <p>Belongs to the thread that made it, which must close it after everything else.
 */
public final class InterruptHandler implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int INTERRUPTED = 130;

  private final CountDownLatch requested = new CountDownLatch(1);
  private final ReentrantLock busy = new ReentrantLock();
  private final List<Runnable> cleanups = new CopyOnWriteArrayList<>();
  private final Thread hook = new Thread(this::onShutdown, "llm2vec-stop");

  /** Reads something for which the user may take any time. */
  @FunctionalInterface
  public interface Reading<T> {
    T read() throws IOException;
  }

  private InterruptHandler() {
    TorchRuntime.orderlyExit().lock();
    busy.lock();
  }

  /** A signal raised by Ctrl-C or a polite kill, until it is closed. */
  public static InterruptHandler onInterrupt() {
    InterruptHandler signal = new InterruptHandler();
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  /** Asks the work to stop at its next safe place. */
  void request() {
    requested.countDown();
  }

  /** Whether the work should stop now. */
  public boolean requested() {
    return requested.getCount() == 0;
  }

  /** Waits until the work should stop. */
  public void await() throws InterruptedException {
    requested.await();
  }

  /** Waits for input; the process may end meanwhile without waiting for this thread. */
  public <T> T idle(Reading<T> reading) throws IOException {
    busy.unlock();
    TorchRuntime.orderlyExit().unlock();
    try {
      return reading.read();
    } finally {
      TorchRuntime.orderlyExit().lock();
      busy.lock();
    }
  }

  /** Has something done if the process ends while this thread is idle. */
  public void whenEnded(Runnable cleanup) {
    cleanups.add(cleanup);
  }

  /** Says that the work has ended and nothing is half done. */
  @Override
  public void close() {
    busy.unlock();
    TorchRuntime.orderlyExit().unlock();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The shutdown has begun, and the hook finds the lock free.
      requested.countDown();
    }
  }

  private void onShutdown() {
    requested.countDown();
    try {
      if (busy.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        cleanups.forEach(Runnable::run);
      } else {
        // A native call that does not return: leave without running its destructors under it.
        Runtime.getRuntime().halt(INTERRUPTED);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
