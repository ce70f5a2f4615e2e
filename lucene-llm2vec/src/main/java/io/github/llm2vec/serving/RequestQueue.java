/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.batching.BatchBudget;
import io.github.llm2vec.serving.batching.BatchPolicy;
import io.github.llm2vec.serving.batching.Nanos;
import io.github.llm2vec.serving.batching.QueueSnapshot;
import io.github.llm2vec.serving.batching.QueuedText;
import io.github.llm2vec.serving.batching.SelectedBatch;
import io.github.llm2vec.serving.metrics.MetricsRecorder;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Queue between callers and the device: a bounded lane for queries and one for documents, and an
 * index of all texts in flight, so that equal ones are encoded once. Callers come in at one side,
 * the scheduler takes batches out at the other. Futures are never completed in here, for that runs
 * foreign code. Thread-safe.
 */
final class RequestQueue {

  /** What a free device is to run, in the policy's order, and who has waited for too long. */
  record NextBatch(List<PendingText> batch, List<Rejection> rejections) {}

  /** Somebody who waits no longer, and what to tell. */
  record Rejection(PendingRequest request, ServingException reason) {}

  private final BatchPolicy policy;
  private final BatchSizer sizer;
  private final AdmissionControl admission;
  private final ServiceClock clock;
  private final MetricsRecorder metrics;
  private final Function<TextKey, Optional<float[]>> known;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition room = lock.newCondition();
  // All guarded by lock.
  private final LaneQueue queries = new LaneQueue();
  private final LaneQueue documents = new LaneQueue();
  private final Map<TextKey, PendingText> underWay = new HashMap<>();
  private final Deque<Object> line = new ArrayDeque<>();
  private long nextId;
  private int stepsSinceDocuments;
  private boolean stepRuns;
  private long stepStartNanos;
  private double stepMillis;
  private boolean closed;

  /**
   * Makes an empty queue.
   *
   * @param known looks a vector up that need not be encoded again; asked with the lock held
   */
  RequestQueue(
      ServingOptions options,
      BatchSizer sizer,
      ServiceClock clock,
      MetricsRecorder metrics,
      Function<TextKey, Optional<float[]>> known) {
    this.policy = options.policy();
    this.sizer = sizer;
    this.admission = new AdmissionControl(sizer, options);
    this.clock = clock;
    this.metrics = metrics;
    this.known = known;
  }

  /**
   * Joins those who wait for the same text.
   *
   * @return whether there are any
   * @throws ServiceClosedException if this queue is closed
   */
  boolean join(TextKey key, PendingRequest request) {
    lock.lock();
    try {
      if (closed) {
        throw ServiceClosedException.beforehand();
      }
      return joinHere(key, request);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Joins those who wait for the same query, or else refuses it if there is no room for even the
   * shortest. What a refusal costs is taken from the queries that run: it needs no tokens and takes
   * the lock once.
   *
   * @return whether there are any who wait for it
   * @throws OverloadedException if the lane of queries is full, unless the vector is known
   * @throws ServiceClosedException if this queue is closed
   */
  boolean joinOrRequireRoom(TextKey key, PendingRequest request) {
    lock.lock();
    try {
      boolean joined = join(key, request);
      if (!joined && known.apply(key).isEmpty()) {
        long now = clock.nanos();
        admission.requireRoom(queries, 1, now, device(now));
      }
      return joined;
    } finally {
      lock.unlock();
    }
  }

  private boolean joinHere(TextKey key, PendingRequest request) {
    PendingText same = underWay.get(key);
    if (same == null) {
      return false;
    }
    same.add(request);
    metrics.joined();
    withdrawWhenDone(same, request);
    return true;
  }

  /**
   * Puts a text into its lane, or joins those who wait for it meanwhile. Queries are refused if
   * there is no room, documents wait for it.
   *
   * @return the vector, if it came to be known meanwhile; the waiter then waits for nothing
   * @throws OverloadedException if the lane of queries is full
   * @throws DeadlineExceededException if the deadline cannot be met
   * @throws ServiceClosedException if this queue is closed, or was while the text waited for room
   * @throws InterruptedException if the thread was interrupted while the text waited for room
   */
  Optional<float[]> admit(TextKey key, TokenizedText tokens, PendingRequest request)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (closed) {
        throw ServiceClosedException.beforehand();
      }
      if (key.prompt().role() == Role.DOCUMENT) {
        awaitRoom(tokens.length(), PendingText.bytes(key, tokens), request.deadlineNanos());
      }
      if (joinHere(key, request)) {
        return Optional.empty();
      }
      Optional<float[]> vector = known.apply(key);
      if (vector.isEmpty()) {
        enqueue(key, tokens, request);
      }
      return vector;
    } finally {
      lock.unlock();
    }
  }

  private void enqueue(TextKey key, TokenizedText tokens, PendingRequest request) {
    long now = clock.nanos();
    PendingText text = new PendingText(nextId, key, tokens, now);
    text.add(request);
    LaneQueue lane = lane(text.role());
    AdmissionControl.Device device = device(now);
    if (text.role() == Role.QUERY) {
      admission.requireRoom(lane, tokens.length(), now, device);
    }
    admission.requireInTime(lane, text.view(), now, device);
    nextId++;
    lane.add(text);
    underWay.put(key, text);
    if (text.role() == Role.QUERY) {
      sizer.sawQuery(now);
    }
    withdrawWhenDone(text, request);
    work.signal();
  }

  /** Blocks the thread, first come first served, until a document fits. */
  private void awaitRoom(int tokens, long bytes, long deadlineNanos) throws InterruptedException {
    Object ticket = new Object();
    long arrival = clock.nanos();
    line.addLast(ticket);
    try {
      while (line.peekFirst() != ticket
          || !admission.hasRoom(documents, tokens, bytes, clock.nanos())) {
        long patience = deadlineNanos - clock.nanos();
        if (patience <= 0) {
          throw DeadlineExceededException.passed(clock.millisSince(arrival));
        }
        // Whether time is up, the clock says, which need not be that of the machine.
        room.awaitNanos(patience);
        if (closed) {
          throw ServiceClosedException.whileWaiting();
        }
      }
    } finally {
      line.remove(ticket);
      room.signalAll();
    }
  }

  /** Whether a document would be let in without waiting, for callers that must not wait. */
  boolean hasRoomFor(TextKey key, TokenizedText tokens) {
    lock.lock();
    try {
      return line.isEmpty()
          && admission.hasRoom(
              documents, tokens.length(), PendingText.bytes(key, tokens), clock.nanos());
    } finally {
      lock.unlock();
    }
  }

  /** A future that ends by another hand than the scheduler's is nobody's any more. */
  // The stage that whenComplete returns ends as the future itself does and tells nothing more.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void withdrawWhenDone(PendingText text, PendingRequest request) {
    request
        .future()
        .whenComplete(
            (vector, failure) -> {
              if (!text.isFinished()) {
                withdraw(text, request, failure instanceof DeadlineExceededException);
              }
            });
  }

  private void withdraw(PendingText text, PendingRequest request, boolean late) {
    lock.lock();
    try {
      if (!text.remove(request)) {
        return;
      }
      if (late) {
        metrics.missedDeadline();
      } else {
        metrics.cancelled();
      }
      dropIfAbandoned(text);
    } finally {
      lock.unlock();
    }
  }

  /** Takes a text that nobody waits for any more out of its lane, unless it runs already. */
  private void dropIfAbandoned(PendingText text) {
    if (text.isAbandoned() && lane(text.role()).remove(text.view().id()).isPresent()) {
      text.finish();
      underWay.remove(text.key());
      room.signalAll();
    }
  }

  /**
   * Chooses what runs next and takes it out of the lanes. The device counts as busy until {@link
   * #stepEnded}.
   */
  NextBatch take() {
    lock.lock();
    try {
      long now = clock.nanos();
      List<Rejection> rejections = new ArrayList<>();
      expire(queries, now, rejections);
      expire(documents, now, rejections);
      QueueSnapshot snapshot =
          new QueueSnapshot(
              queries.oldest(Long.MAX_VALUE),
              documents.oldest(sizer.windowTokens(now)),
              stepsSinceDocuments,
              now);
      if (snapshot.isEmpty()) {
        return new NextBatch(List.of(), rejections);
      }
      BatchBudget budget = sizer.budget(queries.tokens(), now);
      SelectedBatch selected = policy.select(snapshot, budget);
      stepsSinceDocuments = selected.lane() == Role.DOCUMENT ? 0 : stepsSinceDocuments + 1;
      stepRuns = true;
      stepStartNanos = now;
      stepMillis = budget.millis(selected.shape());
      List<PendingText> batch = takeOut(selected, now);
      refuseLate(now, rejections);
      return new NextBatch(batch, rejections);
    } finally {
      lock.unlock();
    }
  }

  /** The device is free again, however the step ended. */
  void stepEnded() {
    lock.lock();
    try {
      stepRuns = false;
      sizer.paced(stepMillis, clock.millisSince(stepStartNanos));
    } finally {
      lock.unlock();
    }
  }

  private List<PendingText> takeOut(SelectedBatch selected, long nowNanos) {
    List<PendingText> batch = new ArrayList<>(selected.texts().size());
    for (QueuedText text : selected.texts()) {
      batch.add(
          lane(text.role())
              .remove(text.id())
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "the policy chose text " + text.id() + " twice; this is a bug")));
      metrics.leftQueue(text.role(), Nanos.toMillis(text.ageNanos(nowNanos)));
    }
    batch.forEach(PendingText::start);
    room.signalAll();
    return batch;
  }

  private void expire(LaneQueue lane, long nowNanos, List<Rejection> rejections) {
    for (PendingText text : lane.with(text -> text.view().deadlineNanos() <= nowNanos)) {
      ServingException reason = DeadlineExceededException.passed(text.ageMillis(nowNanos));
      for (PendingRequest request : text.removeExpired(nowNanos)) {
        metrics.missedDeadline();
        rejections.add(new Rejection(request, reason));
      }
      dropIfAbandoned(text);
    }
  }

  /**
   * Refuses queries that, let in on a faster device, would have waited for too long by the end of
   * the step after this one, which they can be in at the earliest.
   */
  private void refuseLate(long nowNanos, List<Rejection> rejections) {
    double most = admission.longestWaitMillis() - 2 * sizer.pacedMillis(stepMillis);
    double drain = sizer.drainMillis(Role.QUERY, queries.tokens(), nowNanos);
    for (PendingText text : queries.with(text -> text.ageMillis(nowNanos) > most)) {
      ServingException reason = OverloadedException.afterWaiting(text.ageMillis(nowNanos), drain);
      for (PendingRequest request : text.removeRefusable()) {
        metrics.overloaded();
        rejections.add(new Rejection(request, reason));
      }
      dropIfAbandoned(text);
    }
  }

  /** Ends the waiting for a text; returns those who still wait for it. */
  List<PendingRequest> finish(PendingText text) {
    lock.lock();
    try {
      underWay.remove(text.key(), text);
      return text.finish();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there is something to take; false if there never will be. */
  boolean awaitWork() {
    lock.lock();
    try {
      while (queries.isEmpty() && documents.isEmpty() && !closed) {
        work.awaitUninterruptibly();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the waiting for all texts that do not run; returns those who waited for them. */
  List<PendingRequest> clear() {
    lock.lock();
    try {
      List<PendingRequest> left = new ArrayList<>();
      for (PendingText text : List.copyOf(underWay.values())) {
        if (!text.isRunning()) {
          lane(text.role()).remove(text.view().id());
          underWay.remove(text.key());
          left.addAll(text.finish());
        }
      }
      room.signalAll();
      return left;
    } finally {
      lock.unlock();
    }
  }

  /** Accepts no more texts, and wakes callers that wait for room. */
  void close() {
    lock.lock();
    try {
      closed = true;
      work.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  ServingMetrics metrics() {
    lock.lock();
    try {
      long now = clock.nanos();
      return metrics.snapshot(
          new ServingMetrics.Lane(queries.size(), queries.tokens(), 0),
          new ServingMetrics.Lane(documents.size(), documents.tokens(), line.size()),
          sizer.metrics(now),
          now);
    } finally {
      lock.unlock();
    }
  }

  private LaneQueue lane(Role role) {
    return role == Role.QUERY ? queries : documents;
  }

  private AdmissionControl.Device device(long nowNanos) {
    if (!stepRuns || stepMillis == 0) {
      return new AdmissionControl.Device(
          !stepRuns && queries.isEmpty() && documents.isEmpty(), 0, 1);
    }
    double elapsed = Nanos.toMillis(nowNanos - stepStartNanos);
    // Who is late is expected to become as late again.
    double remaining = Math.abs(stepMillis - elapsed);
    return new AdmissionControl.Device(false, remaining, sizer.slowness(stepMillis, elapsed));
  }
}
