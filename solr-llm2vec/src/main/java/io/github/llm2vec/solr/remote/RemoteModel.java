/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.io.Closeable;
import java.lang.invoke.MethodHandles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.solr.core.CoreContainer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that other nodes of the cluster serve. Texts go to the least loaded of them, in parts; a
 * part whose node fails goes to another one. Documents wait for a node where there is none, and
 * block their thread while many calls are under way; queries do not.
 *
 * <p>Thread-safe. Owns threads named {@code llm2vec-nodes}.
 */
public final class RemoteModel implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(MethodHandles.lookup().lookupClass());

  /** Few enough that several nodes share the documents of one request. */
  private static final int PART_TEXTS = 32;

  private static final int PART_CHARACTERS = 1 << 18;

  /** Calls for documents under way at once, for all callers together. */
  private static final int MESSAGES = 32;

  /** How long documents wait for a node when all are gone. */
  private static final Duration DOCUMENT_IDLE = Duration.ofMinutes(1);

  private static final int CHARACTERS_PER_TOKEN = 4;
  private static final long TICK_MILLIS = 250;

  private final String model;
  private final NodeTable table;
  private final Duration documentIdle;
  private final ExecutorService threads;
  private final ScheduledExecutorService clock;
  private final Dispatch.Means means;

  /**
   * A model that nodes of a Solr serve; nothing is known of them yet.
   *
   * @param model its name, the same on all nodes
   * @param local identity of the same model on this node, which theirs must be equal to; empty if
   *     this node has none
   * @throws IllegalArgumentException if this kind of Solr has no such nodes
   */
  public static RemoteModel of(
      String model, Optional<ModelIdentity> local, EncoderNodes nodes, CoreContainer container) {
    return new RemoteModel(
        model,
        local,
        NodeSource.of(nodes, container),
        new HttpTransport(container),
        local.isPresent() ? Duration.ZERO : DOCUMENT_IDLE);
  }

  RemoteModel(
      String model,
      Optional<ModelIdentity> local,
      NodeSource source,
      NodeTransport transport,
      Duration documentIdle) {
    this.model = model;
    this.documentIdle = documentIdle;
    this.threads = Executors.newCachedThreadPool(daemons());
    this.clock = Executors.newSingleThreadScheduledExecutor(daemons());
    this.table = new NodeTable(model, local, source, transport, threads);
    this.means = new Dispatch.Means(table, transport, threads, new Semaphore(MESSAGES));
    var unused = clock.scheduleWithFixedDelay(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static ThreadFactory daemons() {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, "llm2vec-nodes-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  // The end of a thread's work: what is thrown, by a ZooKeeper that has gone for instance, must not
  // end the clock.
  private void tick() {
    try {
      table.tick(System.nanoTime());
    } catch (RuntimeException e) {
      LOG.warn("Cannot see which nodes encode for model '{}'", model, e);
    }
  }

  /** Identity of the model in use; empty until a node was found. */
  public Optional<ModelIdentity> identity() {
    return table.inUse();
  }

  /** Whether a node serves the model in use now. */
  public boolean isServed() {
    return table.inUse().filter(table::isServed).isPresent();
  }

  /** The nodes that serve the model in use, for messages. */
  public String nodeNames() {
    return table.names();
  }

  /** Why no node is used, in a sentence. */
  public String explain() {
    return table.explain();
  }

  /**
   * Waits until a node serves the model.
   *
   * @throws NodeCallException if none does after so long
   */
  public void await(Duration patience) {
    try {
      if (!table.await(patience)) {
        throw new NodeCallException(
            NodeCallException.Reason.NO_NODE,
            "no node encodes for it: " + table.explain(),
            Dispatch.RETRY_AFTER);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NodeCallException(
          NodeCallException.Reason.INTERRUPTED,
          "interrupted while waiting for a node that encodes",
          Duration.ZERO);
    }
  }

  /**
   * Has documents encoded.
   *
   * @param prompt with the instruction that counts
   * @param expected what the model must be
   * @param adapter name of one beside the model, or "" for the model alone
   * @return one result per text, in their order
   * @throws NodeCallException if no text is to blame
   */
  public List<EncodingResult> encodeDocuments(
      List<String> texts, Prompt prompt, ModelIdentity expected, String adapter) {
    List<Dispatch.Part> parts = new ArrayList<>();
    int start = 0;
    while (start < texts.size()) {
      int end = start;
      long characters = 0;
      while (end < texts.size()
          && end - start < PART_TEXTS
          && (end == start || characters + texts.get(end).length() <= PART_CHARACTERS)) {
        characters += texts.get(end++).length();
      }
      List<String> some = List.copyOf(texts.subList(start, end));
      parts.add(
          new Dispatch.Part(
              some.size(),
              some.size() + characters / CHARACTERS_PER_TOKEN,
              patience -> new NodeCall.Encode(model, expected, adapter, prompt, some, patience)));
      start = end;
    }
    Dispatch.Limits limits = new Dispatch.Limits(Optional.empty(), documentIdle);
    List<EncodingResult> results = new ArrayList<>(texts.size());
    for (NodeReply reply : new Dispatch(means, parts, Role.DOCUMENT, expected, limits).run()) {
      results.addAll(expect(reply, NodeReply.Vectors.class).results());
    }
    return results;
  }

  /**
   * Has a query encoded.
   *
   * @param prompt with the instruction that counts
   * @param expected what the model must be
   * @param adapter name of one beside the model, or "" for the model alone
   * @throws NodeCallException if there is no vector within so long, or could not be
   * @throws RuntimeException what the model says of the text
   */
  public float[] encodeQuery(
      String text, Prompt prompt, ModelIdentity expected, String adapter, Duration patience) {
    NodeReply.Vectors reply =
        expect(
            askAtOnce(
                left -> new NodeCall.Encode(model, expected, adapter, prompt, List.of(text), left),
                text,
                expected,
                new Dispatch.Limits(
                    Optional.of(System.nanoTime() + patience.toNanos()), Duration.ZERO)),
            NodeReply.Vectors.class);
    return reply.results().get(0).orThrow();
  }

  /**
   * The tokens of a text with their places, if the nodes tell them.
   *
   * @param expected what the model must be
   * @throws NodeCallException if no node answers
   */
  public Optional<TokenSpans> tokenSpans(String text, ModelIdentity expected) {
    return expect(
            askAtOnce(
                left -> new NodeCall.Tokenize(model, expected, text),
                text,
                expected,
                new Dispatch.Limits(Optional.empty(), documentIdle)),
            NodeReply.Tokens.class)
        .tokens();
  }

  private NodeReply askAtOnce(
      Function<Duration, NodeCall> call,
      String text,
      ModelIdentity expected,
      Dispatch.Limits limits) {
    Dispatch.Part part =
        new Dispatch.Part(1, 1 + (long) text.length() / CHARACTERS_PER_TOKEN, call);
    return new Dispatch(means, List.of(part), Role.QUERY, expected, limits).run().get(0);
  }

  private static <T extends NodeReply> T expect(NodeReply reply, Class<T> type) {
    if (!type.isInstance(reply)) {
      throw new IllegalStateException(
          "a node answered with %s instead of %s; are all nodes of the same release?"
              .formatted(reply.getClass().getSimpleName(), type.getSimpleName()));
    }
    return type.cast(reply);
  }

  /** All nodes that may serve the model. */
  public List<NodeStatus> status() {
    return table.status();
  }

  /** Gives up what is under way. */
  @Override
  public void close() {
    clock.shutdownNow();
    table.close();
    threads.shutdownNow();
  }
}
