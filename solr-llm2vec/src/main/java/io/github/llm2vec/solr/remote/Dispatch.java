/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.solr.remote.NodeCallException.Reason;
import io.github.llm2vec.solr.remote.NodeTransport.NodeFailedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One caller's parts on their way to nodes and back: each goes to the node where it would wait
 * least, and to another one if that fails. Encoding twice does no harm, so a part is sent again
 * whatever became of it. Runs on the caller's thread; the calls have threads of their own.
 */
final class Dispatch {

  /** When to come back if no node is left. */
  static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  /** A part that so many nodes failed over may itself be the cause. */
  private static final int FAILURES = 5;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /**
   * What is sent in one call.
   *
   * @param texts in it
   * @param tokens of them, by estimate
   * @param call made of the time that is left; zero stands for no limit
   */
  record Part(int texts, long tokens, Function<Duration, NodeCall> call) {}

  /**
   * How long to try.
   *
   * @param deadline in nanoseconds, after which nobody waits any more; empty for none
   * @param idle how long to wait for a node where there is none
   */
  record Limits(Optional<Long> deadline, Duration idle) {}

  private static final class Attempt {
    private final int part;
    private final EncoderNode node;
    private final FutureTask<NodeReply> call;

    private Attempt(
        int part, EncoderNode node, NodeTransport transport, NodeCall call, Dispatch all) {
      this.part = part;
      this.node = node;
      this.call =
          new FutureTask<>(() -> transport.call(node.address, call)) {
            @Override
            protected void done() {
              all.ended.add(Attempt.this);
            }
          };
    }
  }

  private final NodeTable table;
  private final NodeTransport transport;
  private final Executor threads;
  private final Semaphore messages;
  private final Role lane;
  private final ModelIdentity expected;
  private final Limits limits;

  private final List<Part> parts;
  private final List<@Nullable NodeReply> replies;
  private final List<Set<EncoderNode>> refusals = new ArrayList<>();
  private final int[] failures;
  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final List<Attempt> underWay = new ArrayList<>();
  private final BlockingQueue<Attempt> ended = new LinkedBlockingQueue<>();
  private Optional<NodeReply.Refused> lastRefusal = Optional.empty();
  private String lastFailure = "";

  /**
   * What the calls of a model share.
   *
   * @param messages bounds how many calls for documents are under way
   */
  record Means(NodeTable table, NodeTransport transport, Executor threads, Semaphore messages) {}

  Dispatch(Means means, List<Part> parts, Role lane, ModelIdentity expected, Limits limits) {
    this.table = means.table;
    this.transport = means.transport;
    this.threads = means.threads;
    this.messages = means.messages;
    this.lane = lane;
    this.expected = expected;
    this.limits = limits;
    this.parts = parts;
    this.replies = new ArrayList<>(Collections.nCopies(parts.size(), null));
    this.failures = new int[parts.size()];
    for (int i = 0; i < parts.size(); i++) {
      refusals.add(new HashSet<>());
      waiting.add(i);
    }
  }

  /**
   * Has all parts answered.
   *
   * @return one reply per part, none of them {@link NodeReply.Refused}
   * @throws NodeCallException if that cannot be done
   */
  List<NodeReply> run() {
    try {
      long idleSince = System.nanoTime();
      while (replies.contains(null)) {
        checkDeadline();
        start();
        if (underWay.isEmpty()) {
          giveUpIfInVain(idleSince);
          table.await(Duration.ofNanos(PAUSE_NANOS));
        } else {
          idleSince = System.nanoTime();
          Attempt attempt = ended.poll(Math.min(PAUSE_NANOS, left()), TimeUnit.NANOSECONDS);
          if (attempt != null) {
            end(attempt);
          }
        }
      }
      List<NodeReply> all = new ArrayList<>(replies.size());
      for (NodeReply reply : replies) {
        if (reply != null) {
          all.add(reply);
        }
      }
      return all;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NodeCallException(
          Reason.INTERRUPTED, "interrupted while another node encodes", Duration.ZERO);
    } finally {
      // After a failure only; then nobody wants the rest.
      for (Attempt attempt : List.copyOf(underWay)) {
        attempt.call.cancel(true);
        forget(attempt);
      }
    }
  }

  private long left() {
    return limits.deadline.map(end -> Math.max(1, end - System.nanoTime())).orElse(Long.MAX_VALUE);
  }

  private void checkDeadline() {
    if (limits.deadline.filter(end -> end - System.nanoTime() <= 0).isPresent()) {
      throw new NodeCallException(
          Reason.LATE, "no node gave a vector in the time that was allowed", Duration.ZERO);
    }
  }

  private void start() throws InterruptedException {
    for (int count = waiting.size(); count > 0; count--) {
      int part = waiting.removeFirst();
      Optional<EncoderNode> node = table.choose(expected, lane, refusals.get(part));
      if (node.isEmpty() || !takeTurn()) {
        waiting.addLast(part);
        continue;
      }
      Duration patience = limits.deadline.isPresent() ? Duration.ofNanos(left()) : Duration.ZERO;
      Attempt attempt =
          new Attempt(part, node.get(), transport, parts.get(part).call.apply(patience), this);
      underWay.add(attempt);
      table.begin(attempt.node, lane, parts.get(part).tokens, attempt.call);
      try {
        threads.execute(attempt.call);
      } catch (RejectedExecutionException e) {
        throw new NodeCallException(Reason.NO_NODE, "the model was closed here", RETRY_AFTER);
      }
    }
  }

  /** The first call of a caller waits for its turn, the others do not hold it up. */
  private boolean takeTurn() throws InterruptedException {
    return lane == Role.QUERY
        || messages.tryAcquire(underWay.isEmpty() ? PAUSE_NANOS : 0, TimeUnit.NANOSECONDS);
  }

  private void forget(Attempt attempt) {
    underWay.remove(attempt);
    table.end(attempt.node, lane, parts.get(attempt.part).tokens, attempt.call);
    if (lane == Role.DOCUMENT) {
      messages.release();
    }
  }

  private void end(Attempt attempt) {
    forget(attempt);
    int part = attempt.part;
    try {
      NodeReply reply = Outcomes.of(attempt.call);
      if (reply instanceof NodeReply.Refused refused) {
        refuse(attempt, refused);
        return;
      }
      if (reply instanceof NodeReply.Vectors vectors) {
        if (vectors.results().size() != parts.get(part).texts) {
          throw new NodeFailedException(
              "%s results for %s texts".formatted(vectors.results().size(), parts.get(part).texts),
              new IllegalStateException());
        }
        table.gave(attempt.node, lane, vectors.results().size(), vectors.load());
      }
      replies.set(part, reply);
    } catch (NodeFailedException e) {
      if (!attempt.call.isCancelled()) {
        // Whoever cancels a call has looked at the node.
        table.failed(attempt.node, String.valueOf(e.getMessage()));
      }
      countFailure(part, "node %s: %s".formatted(attempt.node.address.name(), e.getMessage()));
      waiting.addLast(part);
    }
  }

  private void countFailure(int part, String why) {
    lastFailure = why;
    if (++failures[part] == FAILURES) {
      throw noNode();
    }
  }

  private void refuse(Attempt attempt, NodeReply.Refused refused) {
    String message = "node %s: %s".formatted(attempt.node.address.name(), refused.message());
    lastRefusal =
        Optional.of(new NodeReply.Refused(refused.reason(), message, refused.retryAfter()));
    switch (refused.reason()) {
      case OVERLOADED -> refusals.get(attempt.part).add(attempt.node);
      case LATE -> throw new NodeCallException(Reason.LATE, message, Duration.ZERO);
      case NOT_SERVED, OTHER_MODEL -> {
        table.refused(attempt.node, refused.message());
        countFailure(attempt.part, message);
      }
    }
    waiting.addLast(attempt.part);
  }

  /** Nothing is under way, and no node is there for what waits. */
  private void giveUpIfInVain(long idleSince) {
    ModelIdentity now = table.inUse().orElse(expected);
    if (!now.givesTheVectorsOf(expected)) {
      throw new NodeCallException(
          Reason.OTHER_MODEL,
          "the request began with the model of %s, but %s has that of %s now"
              .formatted(expected, table.names(), now),
          Duration.ZERO);
    }
    boolean mayWait = System.nanoTime() - idleSince < limits.idle.toNanos();
    if (mayWait || (table.isServed(expected) && refusals.stream().allMatch(Set::isEmpty))) {
      return;
    }
    Optional<NodeReply.Refused> overloaded =
        lastRefusal.filter(last -> last.reason() == NodeReply.Refusal.OVERLOADED);
    if (overloaded.isPresent()) {
      throw new NodeCallException(
          Reason.OVERLOADED, overloaded.get().message(), overloaded.get().retryAfter());
    }
    Optional<NodeReply.Refused> other =
        lastRefusal.filter(last -> last.reason() == NodeReply.Refusal.OTHER_MODEL);
    if (other.isPresent()) {
      throw new NodeCallException(Reason.OTHER_MODEL, other.get().message(), Duration.ZERO);
    }
    throw noNode();
  }

  private NodeCallException noNode() {
    return new NodeCallException(
        Reason.NO_NODE,
        "no node encodes for it: %s%s"
            .formatted(table.explain(), lastFailure.isEmpty() ? "" : "; last " + lastFailure),
        RETRY_AFTER);
  }
}
