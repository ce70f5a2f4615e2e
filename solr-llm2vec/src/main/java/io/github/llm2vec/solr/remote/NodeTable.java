/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.solr.remote.EncoderNode.Sight;
import io.github.llm2vec.solr.remote.NodeSource.NodeAddress;
import io.github.llm2vec.solr.remote.NodeTransport.NodeFailedException;
import java.lang.invoke.MethodHandles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes that may serve a model, and what is known of each. Every node is looked at now and
 * then, one that failed at once; a text goes to the node where it is expected to wait least.
 *
 * <p>One model is in use at a time. Nodes whose model gives other vectors are left alone until no
 * node of the model in use is left, and then it is theirs. Thread-safe.
 */
final class NodeTable {

  private static final Logger LOG = LoggerFactory.getLogger(MethodHandles.lookup().lookupClass());

  private static final long SERVING_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long SEARCHING_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** A look that takes longer has failed. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** A node that was serving is given up after so many. */
  private static final int FAILED_LOOKS = 2;

  /** A call that takes longer has failed; as long as Solr waits for an update by default. */
  private static final long CALL_NANOS = TimeUnit.MINUTES.toNanos(10);

  private final String model;
  private final NodeSource source;
  private final NodeTransport transport;
  private final Executor threads;
  private final boolean pinned;

  // All guarded by this.
  private final Map<String, EncoderNode> nodes = new TreeMap<>();

  /** Those that are no longer there, but had calls under way when they were last seen. */
  private final List<EncoderNode> leaving = new ArrayList<>();

  private Optional<ModelIdentity> inUse;
  private boolean closed;

  /**
   * A table without a node.
   *
   * @param pinned the one model that may be used; empty if any may
   * @param threads run the looks
   */
  NodeTable(
      String model,
      Optional<ModelIdentity> pinned,
      NodeSource source,
      NodeTransport transport,
      Executor threads) {
    this.model = model;
    this.source = source;
    this.transport = transport;
    this.threads = threads;
    this.pinned = pinned.isPresent();
    this.inUse = pinned;
  }

  /** Takes in which nodes there are, and looks at those whose turn it is. */
  void tick(long now) {
    Set<NodeAddress> there = source.nodes();
    synchronized (this) {
      List<EncoderNode> gone =
          nodes.values().stream().filter(node -> !there.contains(node.address)).toList();
      gone.forEach(node -> leave(node, now));
      leaving.removeIf(node -> node.underWay.isEmpty());
      for (NodeAddress address : there) {
        nodes.computeIfAbsent(address.name(), name -> new EncoderNode(address, now));
      }
      List<EncoderNode> all = new ArrayList<>(nodes.values());
      all.addAll(leaving);
      for (EncoderNode node : all) {
        node.giveUp(began -> now - began > CALL_NANOS);
        Future<?> look = node.look;
        if (look != null && now - node.lookBegan > LOOK_NANOS) {
          look.cancel(true);
        } else if (look == null && now - node.lookAt >= 0) {
          look(node, now);
        }
      }
      if (!gone.isEmpty()) {
        changed();
      }
    }
  }

  /**
   * Sends nothing more to a node. It may still do what it has, after the end of its ZooKeeper
   * session for instance; so looks go on until that is done, or is given up.
   */
  private void leave(EncoderNode node, long now) {
    nodes.remove(node.address.name(), node);
    leaving.add(node);
    node.lookAt = now;
    if (node.start.isEmpty()) {
      // If it came back, nobody would see that it has forgotten its calls.
      node.giveUp(began -> true);
    }
  }

  private void look(EncoderNode node, long now) {
    FutureTask<NodeReply> look =
        new FutureTask<>(() -> transport.call(node.address, new NodeCall.ListModels())) {
          @Override
          protected void done() {
            looked(node, this);
          }
        };
    node.look = look;
    node.lookBegan = now;
    try {
      threads.execute(look);
    } catch (RejectedExecutionException e) {
      node.look = null;
    }
  }

  private synchronized void looked(EncoderNode node, Future<NodeReply> look) {
    node.look = null;
    try {
      NodeReply reply = Outcomes.of(look);
      node.failedLooks = 0;
      if (reply instanceof NodeReply.Models served && !served.start().equals(node.start)) {
        // Some clients wait on for what a former start was to answer.
        node.giveUp(began -> true);
        node.start = served.start();
      }
      see(
          node,
          reply instanceof NodeReply.Models served
              ? served.models().stream()
                  .filter(each -> each.name().equals(model))
                  .findFirst()
                  .<Sight>map(Sight.Serving::new)
                  .orElseGet(() -> new Sight.NotServing("no model '" + model + "' encodes there"))
              : new Sight.NotServing("it does not say which models it has"));
    } catch (NodeFailedException e) {
      node.failedLooks++;
      if (!(node.sight instanceof Sight.Serving) || node.failedLooks >= FAILED_LOOKS) {
        lose(node, String.valueOf(e.getMessage()));
        node.giveUp(began -> true);
      } else {
        node.lookAt = System.nanoTime();
      }
    }
  }

  /** Notes that a node failed over a call, and looks at it soon. */
  synchronized void failed(EncoderNode node, String why) {
    node.failedCalls++;
    lose(node, why);
    node.lookAt = System.nanoTime();
  }

  private void lose(EncoderNode node, String why) {
    if (node.sight instanceof Sight.Serving) {
      LOG.warn("Node {} does not encode for model '{}': {}", node.address.name(), model, why);
    }
    see(node, new Sight.Silent(why, node.lastIdentity()));
  }

  /** Notes that a node has no such model, or another one, by its own word. */
  synchronized void refused(EncoderNode node, String why) {
    see(node, new Sight.NotServing(why));
    node.lookAt = System.nanoTime();
  }

  private void see(EncoderNode node, Sight sight) {
    boolean serves = sight instanceof Sight.Serving;
    if (serves && !(node.sight instanceof Sight.Serving)) {
      LOG.info("Node {} encodes for model '{}'", node.address.name(), model);
    }
    node.sight = sight;
    changed();
    boolean served = inUse.filter(this::isServed).isPresent();
    node.lookAt =
        System.nanoTime()
            + (serves
                ? SERVING_NANOS
                : !served || sight instanceof Sight.Silent ? SEARCHING_NANOS : IDLE_NANOS);
  }

  private void changed() {
    adopt();
    notifyAll();
  }

  /**
   * Goes over to another model when none of the one in use is left: to that of the most nodes, when
   * all have been looked at.
   */
  private void adopt() {
    if (pinned
        || nodes.values().stream()
            .anyMatch(
                node ->
                    node.sight instanceof Sight.Unseen
                        || inUse.filter(node::belongsTo).isPresent())) {
      return;
    }
    Map<ModelIdentity, Integer> served = new LinkedHashMap<>();
    for (EncoderNode node : nodes.values()) {
      node.served().ifPresent(there -> served.merge(there.identity(), 1, Integer::sum));
    }
    Optional<ModelIdentity> most =
        served.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey);
    if (most.isEmpty()) {
      return;
    }
    if (inUse.filter(before -> !before.givesTheVectorsOf(most.get())).isPresent()
        || served.size() > 1) {
      LOG.warn(
          "Model '{}' is that of {} from now on; before it was {}, and now nodes serve {}",
          model,
          most.get(),
          inUse,
          served.keySet());
    }
    inUse = most;
  }

  /** Identity of the model in use; empty while none was found. */
  synchronized Optional<ModelIdentity> inUse() {
    return inUse;
  }

  /** Whether a node serves such a model now. */
  synchronized boolean isServed(ModelIdentity wanted) {
    return nodes.values().stream().anyMatch(node -> node.serves(wanted));
  }

  /** The nodes that serve the model in use, for messages; those that did if none does. */
  synchronized String names() {
    List<EncoderNode> serving =
        nodes.values().stream().filter(node -> inUse.filter(node::serves).isPresent()).toList();
    return (serving.isEmpty() ? List.copyOf(nodes.values()) : serving)
        .stream()
            .filter(node -> node.lastIdentity().isPresent())
            .map(node -> node.address.name())
            .collect(Collectors.joining(", "));
  }

  /** What is known of the nodes, in a sentence that says why none is used. */
  synchronized String explain() {
    return nodes.isEmpty()
        ? "there is no other node"
        : nodes.values().stream()
            .map(node -> node.status(inUse))
            .map(
                node ->
                    "%s is %s%s%s"
                        .formatted(
                            node.node(),
                            node.state(),
                            node.identity().isEmpty() ? "" : " (" + node.identity() + ")",
                            node.reason().isEmpty() ? "" : ": " + node.reason()))
            .collect(Collectors.joining("; "));
  }

  /**
   * The node where a text would wait least.
   *
   * @param but those that have refused it
   */
  synchronized Optional<EncoderNode> choose(ModelIdentity wanted, Role lane, Set<EncoderNode> but) {
    return nodes.values().stream()
        .filter(node -> node.serves(wanted) && !but.contains(node))
        .min(
            Comparator.<EncoderNode>comparingDouble(node -> node.expectedMillis(lane))
                .thenComparingLong(node -> node.texts.getOrDefault(lane, 0L)));
  }

  /** Notes a call that begins. */
  synchronized void begin(EncoderNode node, Role lane, long tokens, FutureTask<NodeReply> call) {
    node.underWay.put(call, System.nanoTime());
    node.tokensUnderWay.merge(lane, tokens, Long::sum);
    if (nodes.get(node.address.name()) != node && !leaving.contains(node)) {
      // It left after it was chosen.
      leave(node, System.nanoTime());
    }
  }

  /** Notes that a call has ended, well or badly. */
  synchronized void end(EncoderNode node, Role lane, long tokens, FutureTask<NodeReply> call) {
    node.underWay.remove(call);
    node.tokensUnderWay.merge(lane, -tokens, Long::sum);
  }

  /** Notes what a node has given. */
  synchronized void gave(EncoderNode node, Role lane, int texts, ServedModel.Load load) {
    node.texts.merge(lane, (long) texts, Long::sum);
    node.served()
        .ifPresent(
            model ->
                node.sight =
                    new Sight.Serving(new ServedModel(model.name(), model.identity(), load)));
  }

  /**
   * Waits until a node serves the model in use.
   *
   * @return whether one does
   */
  synchronized boolean await(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (!closed && inUse.filter(this::isServed).isEmpty()) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return !closed;
  }

  synchronized List<NodeStatus> status() {
    List<NodeStatus> all = new ArrayList<>();
    nodes.values().forEach(node -> all.add(node.status(inUse)));
    return all;
  }

  /** Lets nobody wait any longer. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
