/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.node.ModelsFileWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.store.FSDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of documents when a node, a client or a disk fails: nothing acknowledged is lost.
 */
class NodeFaultTest {

  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "16");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path MODEL = Path.of("..", "examples", "models", "stories260K");

  private final FakeBatchModel device = new FakeBatchModel(16);
  private volatile EncoderService service;

  @TempDir private Path home;

  private EncoderService open(ModelDeclaration declaration) {
    service =
        device.service(
            ServingOptions.builder().shutdownPatience(Duration.ofSeconds(60)).build(), 1 << 20);
    return service;
  }

  private static String documents(int from, int to) throws IOException {
    List<Map<String, String>> documents = new ArrayList<>();
    for (int i = from; i < to; i++) {
      documents.add(Map.of("id", "" + i, "text", "document " + i));
    }
    return JSON.writeValueAsString(documents);
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

  @Test
  void aNodeThatStopsWithAFullQueueAcknowledgesNothingThatIsNotIndexed() throws Exception {
    SolrNode node = SolrNode.start(home, this::open);
    node.createCore("one", PROPERTIES);
    device.hold();
    ExecutorService clients = Executors.newCachedThreadPool();
    List<CompletableFuture<Boolean>> acknowledged = new ArrayList<>();
    for (int request = 0; request < 4; request++) {
      String body = documents(100 * request, 100 * (request + 1));
      acknowledged.add(CompletableFuture.supplyAsync(() -> isAcknowledged(node, body), clients));
    }
    await(() -> service.metrics().documents().blockedCallers() >= 2);
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(node::close, clients);
    device.letGo();
    stopped.get(2, TimeUnit.MINUTES);
    Set<String> expected = new TreeSet<>();
    for (int request = 0; request < 4; request++) {
      if (acknowledged.get(request).get(2, TimeUnit.MINUTES)) {
        for (int i = 100 * request; i < 100 * (request + 1); i++) {
          expected.add("" + i);
        }
      }
    }
    clients.shutdown();
    await(device::isClosed);
    Set<String> found = idsWithVectors();
    assertTrue(found.containsAll(expected), expected + " acknowledged, found " + found);
  }

  private static boolean isAcknowledged(SolrNode node, String body) {
    try {
      return node.update("one", "commit=true", body).statusCode() == 200;
    } catch (Exception e) {
      // The connection broke: nothing was acknowledged.
      return false;
    }
  }

  /** Read from the index of the node that is down. */
  private Set<String> idsWithVectors() throws IOException {
    Set<String> ids = new TreeSet<>();
    Path index = home.resolve("one").resolve("data").resolve("index");
    try (FSDirectory directory = FSDirectory.open(index)) {
      if (!DirectoryReader.indexExists(directory)) {
        return ids;
      }
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        for (LeafReaderContext leaf : reader.leaves()) {
          for (int document : TestRelease.vectors(leaf.reader(), "vector").keySet()) {
            ids.add(leaf.reader().storedFields().document(document).get("id"));
          }
        }
      }
    }
    return ids;
  }

  @Test
  void aRequestAbortedHalfWayLeavesWhatCameBeforeAndAWorkingQueue() throws Exception {
    try (SolrNode node = SolrNode.start(home, this::open)) {
      node.createCore("one", PROPERTIES);
      String body = documents(0, 20);
      String part = body.substring(0, body.length() - 15);
      URI address = URI.create(node.url());
      try (Socket socket = new Socket(address.getHost(), address.getPort());
          OutputStream out = socket.getOutputStream()) {
        out.write(
            ("POST /solr/one/update HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                    + "\r\nContent-Length: 100000\r\n\r\n"
                    + part)
                .getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
      await(() -> service.metrics().work().documents() == 19);
      await(() -> service.metrics().documents().texts() == 0);
      HttpResponse<String> next = node.update("one", "commit=true", documents(50, 60));
      assertEquals(200, next.statusCode(), next.body());
      JsonNode found = node.select("one", Map.of("q", "*:*", "fl", "id", "rows", 99));
      assertTrue(found.at("/response/numFound").asInt() >= 10, found.toString());
      assertEquals(found.at("/response/numFound").asInt(), node.vectors("one").size());
    }
  }

  @Test
  void aDiskThatIsFullWhileTheModelIsOpenedIsReportedAndAReloadTriesAgain() throws Exception {
    List<String> attempts = new ArrayList<>();
    try (SolrNode node =
        SolrNode.start(
            home,
            declaration -> {
              attempts.add(declaration.name());
              if (attempts.size() == 1) {
                throw new IOException("No space left on device");
              }
              return open(declaration);
            })) {
      node.createCore("one", PROPERTIES);
      HttpResponse<String> refused = node.update("one", "commit=true", documents(0, 1));
      assertEquals(500, refused.statusCode(), refused.body());
      assertTrue(refused.body().contains("No space left on device"), refused.body());
      assertEquals(503, node.get("/one/llm2vec?action=health").statusCode());
      assertEquals(200, node.reloadModel("one").statusCode());
      assertEquals(200, node.update("one", "commit=true", documents(0, 1)).statusCode());
    }
  }

  @Test
  void aModelThatIsMissingOrDamagedAtStartIsExplainedAndOpenedWhenItIsThere() throws Exception {
    Path model = home.resolve("model");
    ModelsFileWriter.write(
        home.resolve(ModelsFile.NAME), List.of(ModelDeclaration.of("default", model.toString())));
    try (SolrNode node = SolrNode.start(home)) {
      node.createCore("one", Map.of("llm2vec.dims", "64"));
      HttpResponse<String> missing = node.update("one", "", documents(0, 1));
      assertEquals(500, missing.statusCode(), missing.body());
      assertTrue(missing.body().contains(model.toString()), missing.body());
      SolrNode.copy(MODEL, model);
      Path weights = model.resolve("model.safetensors");
      byte[] whole = Files.readAllBytes(weights);
      Files.write(weights, Arrays.copyOf(whole, whole.length / 2));
      assertEquals(200, node.reloadModel("one").statusCode());
      HttpResponse<String> damaged = node.update("one", "", documents(0, 1));
      assertEquals(500, damaged.statusCode(), damaged.body());
      assertTrue(damaged.body().contains("model.safetensors"), damaged.body());
      Files.write(weights, whole);
      assertEquals(200, node.reloadModel("one").statusCode());
      HttpResponse<String> repaired = node.update("one", "commit=true", documents(0, 1));
      assertEquals(200, repaired.statusCode(), repaired.body());
      assertEquals(200, node.get("/one/llm2vec?action=health").statusCode());
    }
  }
}
