/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets Ctrl-C end long work between two steps instead of in the middle of one: the JVM's shutdown
 * waits until the command has reached a safe place, and native code is not torn down while it runs.
 */
public final class StopSignal implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final AtomicBoolean requested = new AtomicBoolean();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook = new Thread(this::onShutdown, "llm2vec-stop");

  private StopSignal() {}

  /** A signal raised by Ctrl-C or a polite kill, until it is closed. */
  public static StopSignal onInterrupt() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  /** A signal that only {@link #request} raises. */
  public static StopSignal manual() {
    return new StopSignal();
  }

  /** Asks the work to stop at its next safe place. */
  public void request() {
    requested.set(true);
  }

  /** Whether the work should stop now. */
  public boolean requested() {
    return requested.get();
  }

  /** Says that the safe place is reached, nothing is half done. */
  @Override
  public void close() {
    finished.countDown();
    if (!requested.get()) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The shutdown has begun; the hook runs and finds the latch open.
        requested.set(true);
      }
    }
  }

  private void onShutdown() {
    requested.set(true);
    try {
      if (!finished.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        // A native call that does not return: leave without running its destructors under it.
        Runtime.getRuntime().halt(130);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
