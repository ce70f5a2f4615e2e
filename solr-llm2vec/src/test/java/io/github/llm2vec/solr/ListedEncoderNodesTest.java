/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.util.TimeOut;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two Solrs without ZooKeeper, one of which is listed by the other as the one that encodes. */
class ListedEncoderNodesTest {

  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "64");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeBatchModel model = new FakeBatchModel(64);
  @TempDir private Path serving;
  @TempDir private Path asking;
  private SolrNode gpu;
  private SolrNode cpu;

  @BeforeEach
  void start() throws Exception {
    gpu = SolrNode.start(serving, declaration -> model.service());
    gpu.createCore("any", PROPERTIES);
    cpu = ask("[\"" + gpu.url() + "\"]");
  }

  private SolrNode ask(String nodes) throws Exception {
    Path file = asking.resolve(ModelsFile.NAME);
    Files.writeString(file, "{\"models\": {\"default\": {\"encoder_nodes\": " + nodes + "}}}");
    return SolrNode.start(
        asking,
        new EncoderRegistry(
            ModelsFile.read(file),
            declaration -> {
              throw new AssertionError("this node has no model");
            },
            Runnable::run));
  }

  @AfterEach
  void stop() {
    cpu.close();
    gpu.close();
  }

  private JsonNode status() throws Exception {
    return JSON.readTree(cpu.get("/papers/llm2vec").body()).at("/models/0");
  }

  private String encoderState() {
    try {
      return status().at("/encoderNodes/0/state").asText();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void documentsAndQueriesGoToTheListedNode() throws Exception {
    cpu.createCore("papers", PROPERTIES);
    HttpResponse<String> update =
        cpu.update("papers", "commit=true", "[{\"id\":\"1\",\"text\":\"some words\"}]");
    assertEquals(200, update.statusCode(), update.body());
    assertArrayEquals(model.vector("  some words"), cpu.vectors("papers").get("1"));
    cpu.select("papers", Map.of("q", "{!llm2vec f=vector}other words"));
    JsonNode node = status().at("/encoderNodes/0");
    assertEquals(gpu.url(), node.path("node").asText());
    assertEquals("SERVING", node.path("state").asText());
    assertEquals(1, node.path("queries").asInt());
    assertEquals(1, node.path("documents").asInt());
  }

  @Test
  void withoutTheListedNodeQueriesAreToComeBack() throws Exception {
    cpu.createCore("papers", PROPERTIES);
    cpu.update("papers", "commit=true", "[{\"id\":\"1\",\"text\":\"some words\"}]");
    gpu.close();
    HttpResponse<String> query =
        cpu.trySelect("papers", Map.of("q", "{!llm2vec f=vector}other words"));
    assertEquals(503, query.statusCode(), query.body());
    assertEquals("5", query.headers().firstValue("Retry-After").orElse(""));
    assertEquals(503, cpu.get("/papers/llm2vec?action=health").statusCode());
  }

  @Test
  void whatTheListedNodeHadIsSentToTheOneThatIsStartedInItsPlace(@TempDir Path later)
      throws Exception {
    cpu.createCore("papers", PROPERTIES);
    model.hold();
    ExecutorService clients = Executors.newCachedThreadPool();
    try {
      Future<HttpResponse<String>> update =
          clients.submit(
              () ->
                  cpu.update("papers", "commit=true", "[{\"id\":\"1\",\"text\":\"some words\"}]"));
      model.awaitTexts(1);
      SolrNode before = gpu;
      Future<?> stop = clients.submit(before::close);
      new TimeOut(1, TimeUnit.MINUTES, TimeSource.NANO_TIME)
          .waitFor("it is silent", () -> encoderState().equals("SILENT"));
      model.letGo();
      stop.get(1, TimeUnit.MINUTES);
      FakeBatchModel after = new FakeBatchModel(64);
      gpu = SolrNode.start(later, URI.create(before.url()).getPort());
      EncoderRegistry.install(
          gpu.container(), SolrNode.registry(later, declaration -> after.service(), 1 << 20));
      gpu.createCore("any", PROPERTIES);
      assertEquals(200, update.get(2, TimeUnit.MINUTES).statusCode(), update.get().body());
      assertEquals(List.of("some words"), after.ranTexts());
    } finally {
      model.letGo();
      clients.shutdown();
    }
    assertArrayEquals(model.vector("  some words"), cpu.vectors("papers").get("1"));
  }

  @Test
  void aClusterThatIsNoneIsAnErrorThatSaysWhatToDo() throws Exception {
    cpu.close();
    cpu = ask("\"cluster\"");
    cpu.createCore("papers", PROPERTIES);
    assertEquals("FAILED", status().path("state").asText());
    String failure = status().path("failure").asText();
    assertTrue(failure.contains("list the addresses of the encoder nodes"), failure);
  }
}
