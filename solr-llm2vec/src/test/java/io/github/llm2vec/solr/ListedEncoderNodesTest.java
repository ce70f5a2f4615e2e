/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
  void aClusterThatIsNoneIsAnErrorThatSaysWhatToDo() throws Exception {
    cpu.close();
    cpu = ask("\"cluster\"");
    cpu.createCore("papers", PROPERTIES);
    assertEquals("FAILED", status().path("state").asText());
    String failure = status().path("failure").asText();
    assertTrue(failure.contains("list the addresses of the encoder nodes"), failure);
  }
}
