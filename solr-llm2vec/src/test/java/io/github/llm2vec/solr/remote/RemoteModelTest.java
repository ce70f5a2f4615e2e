/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.solr.remote.NodeCallException.Reason;
import io.github.llm2vec.solr.remote.NodeReply.Refusal;
import io.github.llm2vec.solr.remote.NodeSource.NodeAddress;
import io.github.llm2vec.solr.remote.NodeTransport.NodeFailedException;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nodes that fail, refuse and change their model, on the far side of a transport without a net. */
class RemoteModelTest {

  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final ModelIdentity A = identity("0a");
  private static final ModelIdentity B = identity("0b");

  /** What each node does with a call for vectors; what it serves. */
  private final Map<String, NodeTransport> encoding = new ConcurrentHashMap<>();

  private final Map<String, ModelIdentity> serving = new ConcurrentHashMap<>();
  private final Map<String, String> starts = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
  private final List<RemoteModel> open = new ArrayList<>();

  private static ModelIdentity identity(String fingerprint) {
    return new ModelIdentity(fingerprint, 2, "float32", "", true, "", "", "", Map.of());
  }

  @AfterEach
  void close() {
    open.forEach(RemoteModel::close);
  }

  private RemoteModel model(Duration idle, String... names) {
    return model(Optional.empty(), idle, names);
  }

  private RemoteModel model(Optional<ModelIdentity> local, Duration idle, String... names) {
    Set<NodeAddress> addresses =
        Set.of(names).stream()
            .map(name -> new NodeAddress(name, "http://" + name))
            .collect(Collectors.toSet());
    RemoteModel model = new RemoteModel("m", local, () -> addresses, this::call, idle);
    open.add(model);
    return model;
  }

  private NodeReply call(NodeAddress node, NodeCall call) throws NodeFailedException {
    if (call instanceof NodeCall.ListModels) {
      ModelIdentity identity = serving.get(node.name());
      if (identity == null) {
        throw new NodeFailedException("connection refused", new IllegalStateException());
      }
      return new NodeReply.Models(
          List.of(new ServedModel("m", identity, ServedModel.Load.UNKNOWN)),
          starts.getOrDefault(node.name(), ""));
    }
    calls.computeIfAbsent(node.name(), name -> new AtomicInteger()).incrementAndGet();
    NodeTransport own = encoding.get(node.name());
    return own == null ? vectors(call) : own.call(node, call);
  }

  /** Each text's number and its length. */
  private static NodeReply vectors(NodeCall call) {
    return new NodeReply.Vectors(
        ((NodeCall.Encode) call)
            .texts().stream()
                .<EncodingResult>map(
                    text ->
                        new EncodingResult.Encoded(
                            new float[] {Integer.parseInt(text), text.length()}))
                .toList(),
        ServedModel.Load.UNKNOWN);
  }

  private static NodeTransport refusing(Refusal reason, String message) {
    return (node, call) -> new NodeReply.Refused(reason, message, Duration.ofMillis(1500));
  }

  /**
   * As the client of a node that was started anew while it had the call.
   *
   * @param begun counts the calls
   */
  private static NodeTransport hanging(CountDownLatch begun) {
    return (node, call) -> {
      begun.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new NodeFailedException("interrupted", e);
      }
      throw new AssertionError("nobody ends this");
    };
  }

  private int calls(String node) {
    return calls.getOrDefault(node, new AtomicInteger()).get();
  }

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }

  private static void assertVectors(List<EncodingResult> results) {
    for (int i = 0; i < results.size(); i++) {
      assertArrayEquals(
          new float[] {i, Integer.toString(i).length()}, results.get(i).orThrow(), 0f);
    }
  }

  @Test
  void partsOfManyTextsAreSharedAndComeBackInTheirOrder() {
    serving.putAll(Map.of("x", A, "y", A));
    RemoteModel model = model(PATIENCE, "x", "y");
    model.await(PATIENCE);
    List<EncodingResult> results = model.encodeDocuments(texts(1000), Prompt.document(), A, "");
    assertEquals(1000, results.size());
    assertVectors(results);
    assertTrue(calls("x") > 0 && calls("y") > 0, calls.toString());
    assertTrue(calls("x") + calls("y") >= 1000 / 32);
  }

  @Test
  void whatANodeFailsAnotherOneDoes() {
    serving.putAll(Map.of("x", A, "y", A));
    encoding.put(
        "x",
        (node, call) -> {
          throw new NodeFailedException("connection reset", new IllegalStateException());
        });
    RemoteModel model = model(PATIENCE, "x", "y");
    model.await(PATIENCE);
    assertVectors(model.encodeDocuments(texts(200), Prompt.document(), A, ""));
    assertArrayEquals(
        new float[] {7, 1}, model.encodeQuery("7", Prompt.query(), A, "", PATIENCE), 0f);
  }

  @Test
  void anOverloadedNodeIsPassedOver() {
    serving.putAll(Map.of("x", A, "y", A));
    encoding.put("x", refusing(Refusal.OVERLOADED, "too much"));
    RemoteModel model = model(PATIENCE, "x", "y");
    model.await(PATIENCE);
    for (int i = 0; i < 5; i++) {
      model.encodeQuery("7", Prompt.query(), A, "", PATIENCE);
    }
    encoding.put("y", refusing(Refusal.OVERLOADED, "too much"));
    NodeCallException refused =
        assertThrows(
            NodeCallException.class, () -> model.encodeQuery("7", Prompt.query(), A, "", PATIENCE));
    assertEquals(Reason.OVERLOADED, refused.reason());
    assertEquals(Duration.ofMillis(1500), refused.retryAfter());
  }

  @Test
  void aQueryDoesNotWaitForANode() {
    serving.put("x", A);
    RemoteModel model = model(PATIENCE, "x");
    model.await(PATIENCE);
    encoding.put("x", refusing(Refusal.NOT_SERVED, "closing"));
    serving.remove("x");
    NodeCallException refused =
        assertThrows(
            NodeCallException.class, () -> model.encodeQuery("7", Prompt.query(), A, "", PATIENCE));
    assertEquals(Reason.NO_NODE, refused.reason());
    assertTrue(refused.getMessage().contains("closing"), refused.getMessage());
  }

  @Test
  void aNodeThatHangsIsAskedNoLongerThanTheQueryMayTake() {
    serving.put("x", A);
    encoding.put("x", hanging(new CountDownLatch(1)));
    RemoteModel model = model(PATIENCE, "x");
    model.await(PATIENCE);
    NodeCallException late =
        assertThrows(
            NodeCallException.class,
            () -> model.encodeQuery("7", Prompt.query(), A, "", Duration.ofMillis(50)));
    assertEquals(Reason.LATE, late.reason());
  }

  @Test
  void whatNodesHadWhenTheyWereStartedAnewIsSentAgain() throws Exception {
    serving.putAll(Map.of("x", A, "y", A));
    starts.putAll(Map.of("x", "1", "y", "1"));
    CountDownLatch begun = new CountDownLatch(8);
    encoding.put("x", hanging(begun));
    encoding.put("y", hanging(begun));
    RemoteModel model = model(PATIENCE, "x", "y");
    model.await(PATIENCE);
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      Future<List<EncodingResult>> documents =
          callers.submit(() -> model.encodeDocuments(texts(200), Prompt.document(), A, ""));
      Future<float[]> query =
          callers.submit(() -> model.encodeQuery("7", Prompt.query(), A, "", PATIENCE));
      assertTrue(begun.await(1, TimeUnit.MINUTES));
      assertTrue(calls("x") > 0 && calls("y") > 0, calls.toString());
      encoding.clear();
      starts.putAll(Map.of("x", "2", "y", "2"));
      assertVectors(documents.get(1, TimeUnit.MINUTES));
      assertArrayEquals(new float[] {7, 1}, query.get(1, TimeUnit.MINUTES), 0f);
    } finally {
      callers.shutdownNow();
    }
    assertEquals(16, calls("x") + calls("y"));
    assertEquals(8, model.status().stream().mapToLong(NodeStatus::failedCalls).sum());
  }

  @Test
  void whatANodeHadWhenItCameBackWithAnotherModelIsRefused() throws Exception {
    serving.put("x", A);
    starts.put("x", "1");
    CountDownLatch begun = new CountDownLatch(1);
    encoding.put("x", hanging(begun));
    RemoteModel model = model(PATIENCE, "x");
    model.await(PATIENCE);
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      Future<List<EncodingResult>> documents =
          callers.submit(() -> model.encodeDocuments(texts(3), Prompt.document(), A, ""));
      assertTrue(begun.await(1, TimeUnit.MINUTES));
      serving.put("x", B);
      starts.put("x", "2");
      NodeCallException refused =
          assertInstanceOf(
              NodeCallException.class,
              assertThrows(ExecutionException.class, () -> documents.get(1, TimeUnit.MINUTES))
                  .getCause());
      assertEquals(Reason.OTHER_MODEL, refused.reason());
      assertTrue(refused.getMessage().contains("0b"), refused.getMessage());
    } finally {
      callers.shutdownNow();
    }
    assertEquals(1, calls("x"));
  }

  @Test
  void aRequestThatBeganWithAnotherModelIsRefused() {
    serving.put("x", A);
    RemoteModel model = model(PATIENCE, "x");
    model.await(PATIENCE);
    assertEquals(Optional.of(A), model.identity());
    serving.put("x", B);
    encoding.put("x", refusing(Refusal.OTHER_MODEL, "here it is 0b"));
    NodeCallException refused =
        assertThrows(
            NodeCallException.class,
            () -> model.encodeDocuments(texts(3), Prompt.document(), A, ""));
    assertEquals(Reason.OTHER_MODEL, refused.reason());
    assertTrue(refused.getMessage().contains("0b"), refused.getMessage());
    assertEquals(Optional.of(B), model.identity());
  }

  @Test
  void theModelOfTheMostNodesIsUsedAndTheOtherLeftAlone() {
    serving.putAll(Map.of("x", B, "y", A, "z", A));
    RemoteModel model = model(PATIENCE, "x", "y", "z");
    model.await(PATIENCE);
    assertEquals(Optional.of(A), model.identity());
    assertVectors(model.encodeDocuments(texts(500), Prompt.document(), A, ""));
    assertEquals(0, calls("x"));
    assertEquals(
        List.of(NodeStatus.State.OTHER_MODEL, NodeStatus.State.SERVING, NodeStatus.State.SERVING),
        model.status().stream().map(NodeStatus::state).toList());
  }

  @Test
  void nodesWithAnotherModelThanTheOneHereAreLeftAlone() {
    serving.put("x", B);
    RemoteModel model = model(Optional.of(A), Duration.ZERO, "x");
    NodeCallException refused =
        assertThrows(
            NodeCallException.class,
            () -> model.encodeDocuments(texts(3), Prompt.document(), A, ""));
    assertEquals(Reason.NO_NODE, refused.reason());
    assertEquals(0, calls("x"));
  }

  @ParameterizedTest
  @EnumSource(Refusal.class)
  void refusalsTravel(Refusal reason) {
    NodeReply.Refused refused = new NodeReply.Refused(reason, "why", Duration.ofMillis(20));
    assertEquals(refused, NodeReply.of(refused.toMap(), "x"));
  }

  @Test
  void callsAndRepliesTravel() throws Exception {
    for (NodeCall call :
        List.of(
            new NodeCall.ListModels(),
            new NodeCall.Encode(
                "m", A, "law", Prompt.query("find: "), List.of("\ud83d\ude00 text"), PATIENCE),
            new NodeCall.Encode("m", B, "", Prompt.document(), List.of("one", ""), Duration.ZERO),
            new NodeCall.Tokenize("m", A, "text"))) {
      assertEquals(call, NodeCall.read(new ByteArrayInputStream(call.toBytes())));
    }
    ModelIdentity adapted =
        new ModelIdentity(
            "0a", 2, "float32", "", true, "mean", "", "", Map.of("law", "0b", "medicine", "0c"));
    assertEquals(
        new NodeCall.Tokenize("m", adapted, "text"),
        NodeCall.read(
            new ByteArrayInputStream(new NodeCall.Tokenize("m", adapted, "text").toBytes())));
    float[] vector = {0.1f, -0f, Float.MIN_VALUE, 1e30f};
    NodeReply.Vectors reply =
        (NodeReply.Vectors)
            NodeReply.of(
                new NodeReply.Vectors(
                        List.of(
                            new EncodingResult.Encoded(vector),
                            new EncodingResult.Failed(new IllegalArgumentException("bad")),
                            new EncodingResult.Failed(new IllegalStateException("broken"))),
                        new ServedModel.Load(1, 2, 3))
                    .toMap(),
                "x");
    assertArrayEquals(vector, reply.results().get(0).orThrow(), 0f);
    assertEquals(
        "on node x: bad",
        assertThrows(IllegalArgumentException.class, () -> reply.results().get(1).orThrow())
            .getMessage());
    assertThrows(IllegalStateException.class, () -> reply.results().get(2).orThrow());
    assertEquals(new ServedModel.Load(1, 2, 3), reply.load());
    TokenSpans tokens =
        ((NodeReply.Tokens)
                NodeReply.of(
                    new NodeReply.Tokens(
                            Optional.of(
                                TokenSpans.of(
                                    new int[] {5, 6}, new int[] {0, 2}, new int[] {2, 4})))
                        .toMap(),
                    "x"))
            .tokens()
            .orElseThrow();
    assertEquals(2, tokens.size());
    assertEquals(6, tokens.id(1));
    assertEquals(2, tokens.start(1));
    assertEquals(4, tokens.end(1));
    NodeReply.Models models =
        new NodeReply.Models(List.of(new ServedModel("m", A, ServedModel.Load.UNKNOWN)), "1");
    assertEquals(models, NodeReply.of(models.toMap(), "x"));
    // As a release writes it whose nodes draw no identifier.
    assertEquals(
        new NodeReply.Models(List.of(), ""), NodeReply.of(Map.of("models", List.of()), "x"));
  }
}
