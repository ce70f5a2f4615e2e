/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Holds work to a rate: after so many steps at least so much time has passed. Time that was lost is
 * not made up for, so that no burst follows a stop.
 */
public final class Pacer {

  private static final long NANOS = Duration.ofSeconds(1).toNanos();
  private static final long SLICE = Duration.ofMillis(100).toNanos();

  /** Waits; replaced in tests. */
  @FunctionalInterface
  public interface Sleep {
    void nanos(long nanos) throws InterruptedException;
  }

  private final double perSecond;
  private final LongSupplier clock;
  private final Sleep sleep;
  private final BooleanSupplier stop;
  private long due;

  /**
   * One that holds work to a rate.
   *
   * @param perSecond most steps in a second; 0 for any number
   * @param clock in nanoseconds
   * @param stop ends waiting early
   */
  public Pacer(double perSecond, LongSupplier clock, Sleep sleep, BooleanSupplier stop) {
    this.perSecond = perSecond;
    this.clock = clock;
    this.sleep = sleep;
    this.stop = stop;
    this.due = clock.getAsLong();
  }

  /** One that waits in real time, and for any number of steps. */
  public static Pacer unhurried() {
    return new Pacer(0, System::nanoTime, TimeUnit.NANOSECONDS::sleep, () -> false);
  }

  /** Waits until steps that begin now would come no sooner than the rate lets them. */
  public void before(int steps) throws IOException {
    await(reserve(steps));
  }

  /** The moment from which steps may be done; several threads may share a rate. */
  private synchronized long reserve(int steps) {
    long now = clock.getAsLong();
    long start = due - now > 0 ? due : now;
    due = perSecond > 0 ? start + (long) (steps / perSecond * NANOS) : start;
    return start;
  }

  /** Waits for a while. */
  public void pause(Duration pause) throws IOException {
    await(clock.getAsLong() + pause.toNanos());
  }

  private void await(long moment) throws IOException {
    try {
      while (!stop.getAsBoolean() && moment - clock.getAsLong() > 0) {
        sleep.nanos(Math.min(SLICE, moment - clock.getAsLong()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
