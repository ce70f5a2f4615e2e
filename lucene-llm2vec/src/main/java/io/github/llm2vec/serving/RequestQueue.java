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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queue between callers and the devices: a bounded lane for queries and one for documents, and an
 * index of all texts in flight, so that equal ones are encoded once. Callers come in at one side,
 * the worker of each device takes batches out at the other. Futures are never completed in here,
 * for that runs foreign code. Thread-safe.
 */
final class RequestQueue {

  /** What a free device is to run, in the policy's order, and who has waited for too long. */
  record NextBatch(List<PendingText> batch, List<Rejection> rejections) {}

  /** Somebody who waits no longer, and what to tell. */
  record Rejection(PendingRequest request, RuntimeException reason) {}

  private static final Logger LOG = LoggerFactory.getLogger(RequestQueue.class);

  /** How many devices a text is tried on whose device fails with it. */
  private static final int MOST_DEVICES = 3;

  private final BatchPolicy policy;
  private final Devices devices;
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
  private boolean closed;

  /**
   * Makes an empty queue.
   *
   * @param known looks a vector up that need not be encoded again; asked with the lock held
   */
  RequestQueue(
      ServingOptions options,
      Devices devices,
      ServiceClock clock,
      MetricsRecorder metrics,
      Function<TextKey, Optional<float[]>> known) {
    this.policy = options.policy();
    this.devices = devices;
    this.admission = new AdmissionControl(devices, options);
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
   * @throws DevicesFailedException if no device works, likewise
   * @throws ServiceClosedException if this queue is closed
   */
  boolean joinOrRequireRoom(TextKey key, PendingRequest request) {
    lock.lock();
    try {
      boolean joined = join(key, request);
      if (!joined && known.apply(key).isEmpty()) {
        long now = clock.nanos();
        devices.requireAny(now);
        admission.requireRoom(queries, 1, now);
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
   * @throws DevicesFailedException if no device works
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
        devices.requireAny(clock.nanos());
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
    if (text.role() == Role.QUERY) {
      admission.requireRoom(lane, tokens.length(), now);
    }
    boolean idle = devices.idleCount() > 0 && queries.isEmpty() && documents.isEmpty();
    admission.requireInTime(lane, text.view(), now, idle);
    nextId++;
    lane.add(text);
    underWay.put(key, text);
    if (text.role() == Role.QUERY) {
      devices.sawQuery(now);
    }
    withdrawWhenDone(text, request);
    // All, since some may wait for something else.
    work.signalAll();
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
        devices.requireAny(clock.nanos());
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
   * Chooses what a device runs next and takes it out of the lanes. The device counts as busy until
   * {@link #stepEnded}.
   */
  NextBatch take(DeviceState device) {
    lock.lock();
    try {
      long now = clock.nanos();
      List<Rejection> rejections = new ArrayList<>();
      expire(queries, now, rejections);
      expire(documents, now, rejections);
      QueueSnapshot snapshot =
          new QueueSnapshot(
              queries.oldest(Long.MAX_VALUE),
              documents.oldest(device.sizer().windowTokens(now)),
              stepsSinceDocuments,
              now);
      if (snapshot.isEmpty()) {
        return new NextBatch(List.of(), rejections);
      }
      BatchBudget budget = budget(device, now);
      SelectedBatch selected = policy.select(snapshot, budget);
      stepsSinceDocuments = selected.lane() == Role.DOCUMENT ? 0 : stepsSinceDocuments + 1;
      device.begin(budget.millis(selected.shape()), now);
      List<PendingText> batch = takeOut(selected, now);
      refuseLate(now, rejections);
      return new NextBatch(batch, rejections);
    } finally {
      lock.unlock();
    }
  }

  /** What a device may take, so that what waits goes round among those that run nothing. */
  private BatchBudget budget(DeviceState device, long nowNanos) {
    int idle = devices.idleCount();
    return device
        .sizer()
        .budget(
            (queries.tokens() + idle - 1) / idle,
            idle == 1 ? Long.MAX_VALUE : (documents.tokens() + idle - 1) / idle,
            nowNanos);
  }

  /** The device is free again, however the step ended. */
  void stepEnded(DeviceState device) {
    lock.lock();
    try {
      device.end(clock.nanos());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Leaves a device out. The texts that it could not run go back to their places in the lanes, for
   * another one.
   *
   * @param left in no lane
   * @return who waits in vain: all, if no device is left, and those whose text has failed devices
   *     enough
   */
  List<Rejection> deviceFailed(DeviceState device, List<PendingText> left, RuntimeException cause) {
    lock.lock();
    try {
      long now = clock.nanos();
      device.fail(cause, now);
      List<Rejection> rejections = new ArrayList<>();
      for (PendingText text : left) {
        boolean enough = text.failDevice() >= MOST_DEVICES;
        if (enough || closed || text.isAbandoned()) {
          underWay.remove(text.key());
          RuntimeException reason =
              closed
                  ? ServiceClosedException.whileWaiting()
                  : DevicesFailedException.oneAfterTheOther(MOST_DEVICES, cause);
          text.finish().forEach(request -> rejections.add(new Rejection(request, reason)));
        } else {
          lane(text.role()).add(text);
        }
      }
      if (devices.workingCount() == 0) {
        RuntimeException reason = devices.failed(now);
        clear().forEach(request -> rejections.add(new Rejection(request, reason)));
      }
      rejections.forEach(rejection -> metrics.failed());
      work.signalAll();
      return rejections;
    } finally {
      lock.unlock();
    }
  }

  /** Takes a device in again that was found to work. */
  void deviceRecovered(DeviceState device) {
    lock.lock();
    try {
      device.recover();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a device is left out, and to be tried again now. */
  boolean isToBeTried(DeviceState device) {
    lock.lock();
    try {
      return !device.works() && device.retryNanos() <= clock.nanos();
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
   * Refuses queries that, let in on faster devices, would have waited for too long by the end of
   * the next step after this one, which they can be in at the earliest.
   */
  private void refuseLate(long nowNanos, List<Rejection> rejections) {
    double most = admission.longestWaitMillis() - devices.millisToNextStepsEnd(nowNanos);
    double drain = devices.millisToDrain(Role.QUERY, queries.tokens(), nowNanos);
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

  /**
   * Waits until there is something for a device to do: to take a batch, or, if it is left out, to
   * show whether it works again; false if there never will be.
   */
  boolean awaitWork(DeviceState device) {
    lock.lock();
    try {
      while (!closed) {
        if (device.works()) {
          if (!queries.isEmpty() || !documents.isEmpty()) {
            return true;
          }
          work.awaitUninterruptibly();
        } else {
          long patience = device.retryNanos() - clock.nanos();
          if (patience <= 0) {
            return true;
          }
          awaitUninterruptibly(patience);
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  // Its caller loops.
  @SuppressWarnings("WaitNotInLoop")
  private void awaitUninterruptibly(long nanos) {
    try {
      work.awaitNanos(nanos);
    } catch (InterruptedException e) {
      // Nobody interrupts a worker; if somebody did, it would go on to wait.
      LOG.trace("a worker was interrupted", e);
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
          devices.all().stream().map(device -> metrics(device, now)).toList(),
          now);
    } finally {
      lock.unlock();
    }
  }

  private ServingMetrics.Device metrics(DeviceState device, long nowNanos) {
    return metrics.device(
        device.index(),
        device.device().name(),
        device.failure(),
        device.sizer().metrics(nowNanos),
        nowNanos);
  }

  private LaneQueue lane(Role role) {
    return role == Role.QUERY ? queries : documents;
  }
}
