/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.solr.node.ModelDeclaration;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The queue between the cores of a real node and a device that does as the test says. */
class NodeQueueTest {

  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "16");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<FakeBatchModel> opened = new CopyOnWriteArrayList<>();
  private final ExecutorService clients = Executors.newCachedThreadPool();

  @TempDir private Path home;
  private volatile EncoderService service;
  private SolrNode node;

  @BeforeEach
  void start() throws Exception {
    node = SolrNode.start(home, this::open);
    node.createCore("one", PROPERTIES);
    node.createCore("two", PROPERTIES);
  }

  private EncoderService open(ModelDeclaration declaration) {
    FakeBatchModel model = new FakeBatchModel(16);
    model.breakFor("poison");
    opened.add(model);
    // Before it has measured anything there is room for 2048 tokens in each lane.
    service = model.service();
    return service;
  }

  private FakeBatchModel device() {
    return opened.get(opened.size() - 1);
  }

  @AfterEach
  void stop() throws Exception {
    opened.forEach(FakeBatchModel::letGo);
    node.close();
    clients.shutdownNow();
    assertTrue(clients.awaitTermination(60, TimeUnit.SECONDS));
    for (FakeBatchModel model : opened) {
      await(model::isClosed);
    }
  }

  private interface Call<T> {
    T run() throws Exception;
  }

  private <T> CompletableFuture<T> inBackground(Call<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    clients.execute(
        () -> {
          try {
            result.complete(call.run());
          } catch (Exception e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private static String documents(int from, int to) throws Exception {
    List<Map<String, String>> documents = new ArrayList<>();
    IntStream.range(from, to)
        .forEach(i -> documents.add(Map.of("id", "" + i, "text", "document " + i)));
    return JSON.writeValueAsString(documents);
  }

  private CompletableFuture<HttpResponse<String>> index(String core, int from, int to) {
    return inBackground(() -> node.update(core, "commit=true", documents(from, to)));
  }

  private CompletableFuture<HttpResponse<String>> search(String core, String text) {
    return inBackground(() -> node.trySelect(core, Map.of("q", "{!llm2vec f=vector}" + text)));
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  /** Ids of the documents of a core, each with the vector of its text. */
  private Map<String, String> indexed(String core) throws Exception {
    Map<String, String> found = new TreeMap<>();
    JsonNode documents =
        node.select(core, Map.of("q", "*:*", "fl", "id,text", "rows", 999)).at("/response/docs");
    Map<String, float[]> vectors = node.vectors(core);
    for (JsonNode document : documents) {
      String text = document.get("text").asText();
      assertArrayEquals(
          device().vector(" " + text), vectors.get(document.get("id").asText()), text);
      found.put(document.get("id").asText(), text);
    }
    return found;
  }

  private JsonNode status() throws Exception {
    return JSON.readTree(node.get("/one/llm2vec").body()).at("/models/0");
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  private void awaitDocuments(int texts) {
    await(() -> service.metrics().documents().texts() == texts);
  }

  private void awaitQueries(int texts) {
    await(() -> service.metrics().queries().texts() == texts);
  }

  @Test
  void textsOfAllCoresShareTheQueueAndQueriesGoFirst() throws Exception {
    device().hold();
    CompletableFuture<HttpResponse<String>> first = index("one", 0, 1);
    device().awaitStep();
    CompletableFuture<HttpResponse<String>> second = index("two", 1, 20);
    awaitDocuments(19);
    CompletableFuture<HttpResponse<String>> query = search("one", "document");
    awaitQueries(1);
    device().letGo();
    assertEquals(200, get(first).statusCode());
    assertEquals(200, get(second).statusCode());
    assertEquals(200, get(query).statusCode());
    assertEquals(List.of("document 0"), device().batches().get(0));
    // How many documents fill up the query's step depends on how fast the device seems to be.
    assertEquals("document", device().batches().get(1).get(0), "the query overtakes documents");
    assertEquals(20, device().ranTexts().stream().filter(text -> text.matches(".*\\d")).count());
    assertEquals(1, opened.size());
    assertEquals(1, indexed("one").size());
    assertEquals(19, indexed("two").size());
  }

  @Test
  void queriesAboveTheLimitAreToldWhenToComeBack() throws Exception {
    device().hold();
    CompletableFuture<HttpResponse<String>> running = search("one", "zero");
    device().awaitStep();
    CompletableFuture<HttpResponse<String>> waiting = search("two", "first");
    awaitQueries(1);
    HttpResponse<String> refused = get(search("two", "and this one is too much ".repeat(100)));
    assertEquals(429, refused.statusCode(), refused.body());
    assertTrue(refused.body().contains("model 'default'"), refused.body());
    assertTrue(refused.body().contains("at most 2048 may"), refused.body());
    int seconds = Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow());
    assertTrue(seconds >= 1, "" + seconds);
    assertTrue(
        JSON.readTree(refused.body()).at("/error/metadata").toString().contains("Retry-After"),
        refused.body());
    device().letGo();
    assertEquals(200, get(running).statusCode());
    assertEquals(200, get(waiting).statusCode());
    assertEquals(1, status().at("/queue/losses/overloaded").asInt());
  }

  @Test
  void aQueryGivesUpWhenItsTimeIsUpThoughTheDeviceIsBusy() throws Exception {
    device().hold();
    CompletableFuture<HttpResponse<String>> running = index("one", 0, 1);
    device().awaitStep();
    HttpResponse<String> late =
        get(
            inBackground(
                () ->
                    node.trySelect(
                        "one", Map.of("q", "{!llm2vec f=vector}late", "timeAllowed", 20))));
    // Solr's own rule decides which: an answer of what was found in time, here nothing, or none.
    assertTrue(
        late.statusCode() == 503
            || JSON.readTree(late.body()).at("/responseHeader/partialResults").asBoolean(),
        late.body());
    device().letGo();
    assertEquals(200, get(running).statusCode());
    assertFalse(device().ranTexts().contains("late"));
  }

  @Test
  void indexingBlocksWhenTheQueueIsFullAndLosesNothing() throws Exception {
    device().hold();
    List<CompletableFuture<HttpResponse<String>>> requests = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      requests.add(index(i % 2 == 0 ? "one" : "two", 100 * i, 100 * (i + 1)));
    }
    await(() -> service.metrics().documents().blockedCallers() >= 2);
    assertTrue(status().at("/queue/documents/texts").asInt() < 200);
    device().letGo();
    for (CompletableFuture<HttpResponse<String>> request : requests) {
      assertEquals(200, get(request).statusCode(), get(request).body());
    }
    assertEquals(200, indexed("one").size());
    assertEquals(200, indexed("two").size());
    assertEquals(400, device().ranTexts().size());
  }

  @Test
  void equalQueriesAreEncodedOnceEvenAfterACommit() throws Exception {
    device().hold();
    CompletableFuture<HttpResponse<String>> one = search("one", "same");
    device().awaitStep();
    CompletableFuture<HttpResponse<String>> two = search("two", "same");
    await(() -> service.metrics().sharing().joined() == 1);
    device().letGo();
    assertEquals(200, get(one).statusCode());
    assertEquals(200, get(two).statusCode());
    assertEquals(200, get(index("one", 0, 1)).statusCode());
    assertEquals(200, get(search("one", "same")).statusCode());
    assertEquals(List.of("document 0", "same"), device().ranTexts());
  }

  @Test
  void aPoisonDocumentFailsAloneAndADocumentThatCannotBeReadToo() throws Exception {
    HttpResponse<String> response =
        node.update(
            "one",
            "commit=true",
            """
            [{"id":"1","text":"good"}, {"id":"2","text":"poison"}, {"id":"3","text":"fine"}]""");
    assertEquals(500, response.statusCode(), response.body());
    assertTrue(response.body().contains("document '2'"), response.body());
    response =
        node.update(
            "one",
            "commit=true",
            """
            [{"id":"4","text":"good"}, {"id":"5","text":"unreadable"}, {"id":"6","text":"fine"}]""");
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(response.body().contains("document '5'"), response.body());
    assertEquals(200, node.update("one", "commit=true", "[]").statusCode());
    assertEquals(Map.of("1", "good", "3", "fine", "4", "good", "6", "fine"), indexed("one"));
  }

  @Test
  void theNeighboursOfAPoisonDocumentAreEncodedOnce() throws Exception {
    List<Map<String, String>> documents = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      documents.add(Map.of("id", "" + i, "text", i == 37 ? "poison" : "document " + i));
    }
    HttpResponse<String> response =
        node.update("one", "commit=true", JSON.writeValueAsString(documents));
    assertEquals(500, response.statusCode(), response.body());
    assertEquals(200, node.update("one", "commit=true", "[]").statusCode());
    assertEquals(63, indexed("one").size());
    List<List<String>> succeeded =
        device().batches().stream().filter(batch -> !batch.contains("poison")).toList();
    assertEquals(63, succeeded.stream().mapToInt(List::size).sum(), succeeded.toString());
    assertTrue(
        device().batches().size() - succeeded.size() <= 1 + 6,
        "steps in which it took part, from at most 64 texts down to itself");
  }

  @Test
  void aLackOfDeviceMemoryHalvesTheBatchAndLosesNothing() throws Exception {
    device().memory(30);
    device().hold();
    CompletableFuture<HttpResponse<String>> request = index("one", 0, 60);
    device().awaitStep();
    awaitDocuments(60 - device().batches().get(0).size());
    device().letGo();
    assertEquals(200, get(request).statusCode(), get(request).body());
    assertEquals(60, indexed("one").size());
    assertTrue(status().at("/queue/sizing/maxBatchTokens").asInt() <= 30, status().toString());
  }

  @Test
  void coreReloadDuringIndexingKeepsTheModelAndLosesNothing() throws Exception {
    device().hold();
    CompletableFuture<HttpResponse<String>> request = index("one", 0, 50);
    device().awaitStep();
    CompletableFuture<Boolean> reloaded =
        inBackground(
            () -> {
              node.container().reload("one");
              return true;
            });
    device().letGo();
    assertEquals(200, get(request).statusCode(), get(request).body());
    assertTrue(get(reloaded));
    assertEquals(1, opened.size());
    assertFalse(device().isClosed());
    assertEquals(200, node.update("one", "commit=true", "[]").statusCode());
    assertEquals(50, indexed("one").size());
  }

  @Test
  void aCoreThatGoesDuringIndexingLeavesTheOthersTheirModel() throws Exception {
    device().hold();
    CompletableFuture<HttpResponse<String>> going = index("one", 0, 50);
    CompletableFuture<HttpResponse<String>> staying = index("two", 50, 100);
    device().awaitStep();
    CompletableFuture<Boolean> unloaded =
        inBackground(
            () -> {
              node.container().unload("one");
              return true;
            });
    device().letGo();
    // Acknowledged or refused, but it ends; what it held of the model is given back.
    assertTrue(get(going).statusCode() > 0);
    assertEquals(200, get(staying).statusCode(), get(staying).body());
    assertTrue(get(unloaded));
    assertFalse(device().isClosed());
    assertEquals(50, indexed("two").size());
    node.container().unload("two");
    assertTrue(device().isClosed());
  }
}
