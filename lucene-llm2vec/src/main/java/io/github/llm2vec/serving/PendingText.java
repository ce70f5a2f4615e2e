/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.batching.Nanos;
import io.github.llm2vec.serving.batching.QueuedText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A queued or running text with all requests that wait for its vector. Guarded by the lock of the
 * {@link RequestQueue}, but for what never changes and {@link #isFinished()}.
 */
final class PendingText {

  /** Bytes that an entry takes beside its text and tokens, roughly. */
  private static final int ENTRY_BYTES = 300;

  private final TextKey key;
  private final TokenizedText tokens;
  private final List<PendingRequest> requests = new ArrayList<>(1);
  private QueuedText view;
  private boolean running;
  private int failedDevices;
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

  void add(PendingRequest request) {
    requests.add(request);
    updateDeadline();
  }

  /** Takes a waiter off; false if it had been already. */
  boolean remove(PendingRequest request) {
    boolean removed = requests.remove(request);
    updateDeadline();
    return removed;
  }

  boolean isAbandoned() {
    return requests.isEmpty();
  }

  /** Takes off and returns the waiters whose deadline is not after a moment. */
  List<PendingRequest> removeExpired(long nowNanos) {
    return removeAll(request -> request.deadlineNanos() <= nowNanos);
  }

  /** Takes off and returns the waiters that may be refused. */
  List<PendingRequest> removeRefusable() {
    return removeAll(PendingRequest::refusable);
  }

  private List<PendingRequest> removeAll(Predicate<PendingRequest> unwanted) {
    List<PendingRequest> removed = requests.stream().filter(unwanted).toList();
    requests.removeAll(removed);
    updateDeadline();
    return removed;
  }

  /** Notes that the text has left its lane for the device. */
  void start() {
    running = true;
  }

  /** Notes that its device has failed, and how many that makes; the text waits again. */
  int failDevice() {
    running = false;
    return ++failedDevices;
  }

  boolean isRunning() {
    return running;
  }

  /** Ends the waiting; returns those who still wait. */
  List<PendingRequest> finish() {
    finished = true;
    List<PendingRequest> left = List.copyOf(requests);
    requests.clear();
    return left;
  }

  /** Whether the waiting has ended. May be asked without the lock. */
  boolean isFinished() {
    return finished;
  }

  private void updateDeadline() {
    long nearest =
        requests.stream()
            .mapToLong(PendingRequest::deadlineNanos)
            .min()
            .orElse(QueuedText.NO_DEADLINE);
    view = new QueuedText(view.id(), view.role(), view.tokens(), view.arrivalNanos(), nearest);
  }
}
