/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.TokenizedText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A text between its admission and its vector, with everybody who waits for it. Guarded by the lock
 * of the {@link WaitingRoom}, but for what never changes and {@link #isFinished()}.
 */
final class PendingText {

  /** Bytes that an entry takes beside its text and tokens, roughly. */
  private static final int ENTRY_BYTES = 300;

  private final TextKey key;
  private final TokenizedText tokens;
  private final List<Waiter> waiters = new ArrayList<>(1);
  private QueuedText view;
  private boolean running;
  private volatile boolean finished;

  PendingText(long id, TextKey key, TokenizedText tokens, long arrivalNanos) {
    this.key = key;
    this.tokens = tokens;
    this.view =
        new QueuedText(
            id, key.prompt().role(), tokens.length(), arrivalNanos, QueuedText.NO_DEADLINE);
  }

  static long bytes(TextKey key, TokenizedText tokens) {
    return ENTRY_BYTES
        + (long) Character.BYTES * key.text().length()
        + (long) Integer.BYTES * tokens.length();
  }

  TextKey key() {
    return key;
  }

  TokenizedText tokens() {
    return tokens;
  }

  Role role() {
    return view.role();
  }

  /** The text as the policy sees it, with the nearest deadline of its waiters. */
  QueuedText view() {
    return view;
  }

  double ageMillis(long nowNanos) {
    return Nanos.toMillis(view.ageNanos(nowNanos));
  }

  boolean hasDeadline() {
    return view.deadlineNanos() != QueuedText.NO_DEADLINE;
  }

  void add(Waiter waiter) {
    waiters.add(waiter);
    updateDeadline();
  }

  /** Takes a waiter off; false if it had been already. */
  boolean remove(Waiter waiter) {
    boolean removed = waiters.remove(waiter);
    updateDeadline();
    return removed;
  }

  boolean isAbandoned() {
    return waiters.isEmpty();
  }

  /** Takes off and returns the waiters whose deadline is not after a moment. */
  List<Waiter> removeExpired(long nowNanos) {
    return removeAll(waiter -> waiter.deadlineNanos() <= nowNanos);
  }

  /** Takes off and returns the waiters that may be refused. */
  List<Waiter> removeRefusable() {
    return removeAll(Waiter::refusable);
  }

  private List<Waiter> removeAll(Predicate<Waiter> unwanted) {
    List<Waiter> removed = waiters.stream().filter(unwanted).toList();
    waiters.removeAll(removed);
    updateDeadline();
    return removed;
  }

  /** Notes that the text has left its lane for the device. */
  void start() {
    running = true;
  }

  boolean isRunning() {
    return running;
  }

  /** Ends the waiting; returns those who still wait. */
  List<Waiter> finish() {
    finished = true;
    List<Waiter> left = List.copyOf(waiters);
    waiters.clear();
    return left;
  }

  /** Whether the waiting has ended. May be asked without the lock. */
  boolean isFinished() {
    return finished;
  }

  private void updateDeadline() {
    long nearest =
        waiters.stream().mapToLong(Waiter::deadlineNanos).min().orElse(QueuedText.NO_DEADLINE);
    view = new QueuedText(view.id(), view.role(), view.tokens(), view.arrivalNanos(), nearest);
  }
}
