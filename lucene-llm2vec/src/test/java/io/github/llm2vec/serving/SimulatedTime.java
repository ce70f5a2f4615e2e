/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;

/**
 * A clock that stands still until it is moved, and what is to happen when it is. Everything runs on
 * the thread that moves it.
 */
final class SimulatedTime implements LongSupplier {

  private record Event(long nanos, long order, Runnable action) {}

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::nanos).thenComparingLong(Event::order));
  private long scheduled;
  // The clock of a real machine may wrap round at any moment; this one does a second after start.
  private final long origin = Long.MAX_VALUE - 1_000_000_000L;
  private long nanos;

  @Override
  public long getAsLong() {
    return origin + nanos;
  }

  double millis() {
    return nanos / 1e6;
  }

  /** Has something happen at a time in milliseconds after the start. */
  void at(double millis, Runnable action) {
    events.add(new Event((long) (millis * 1e6), scheduled++, action));
  }

  /** Moves on, and has happen what is due meanwhile. */
  void advance(double millis) {
    long end = nanos + (long) (millis * 1e6);
    while (!events.isEmpty() && events.peek().nanos <= end) {
      Event event = events.remove();
      nanos = Math.max(nanos, event.nanos);
      event.action.run();
    }
    nanos = Math.max(nanos, end);
  }

  /** Moves on to the next event; false if there is none. */
  boolean advanceToNext() {
    if (events.isEmpty()) {
      return false;
    }
    advance(Math.max(0, (events.peek().nanos - nanos) / 1e6));
    return true;
  }
}
