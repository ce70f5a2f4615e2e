/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real language model, declared in the models file and opened by the plugin itself, against the
 * vectors that the Python LLM2Vec gave for the same texts.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealModelTest {

  private static final String CORE = "stories";
  private static final Path MODEL =
      Path.of("..", "examples", "models", "stories260K").toAbsolutePath().normalize();
  private static final Path ORACLE =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints", "stories260K")
          .resolve("expected/bidirectional.json");
  private static final ObjectMapper JSON = new ObjectMapper();

  private SolrNode node;
  private JsonNode oracle;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    oracle = JSON.readTree(ORACLE.toFile());
    Files.writeString(
        home.resolve(ModelsFile.NAME),
        JSON.writeValueAsString(
            Map.of(
                "models",
                Map.of(
                    "default",
                    Map.of(
                        "model",
                        MODEL.toString(),
                        "device",
                        List.of("cpu", "cpu"),
                        "threads",
                        1)))));
    node = SolrNode.start(home);
    node.createCore(CORE, Map.of("llm2vec.dims", "64"));
    indexDocuments();
  }

  /** Waits for the model, too. */
  private void indexDocuments() throws Exception {
    List<Map<String, String>> documents = new ArrayList<>();
    for (JsonNode one : cases("mean", "document")) {
      documents.add(Map.of("id", "" + documents.size(), "text", one.get("text").asText()));
    }
    HttpResponse<String> response =
        node.update(CORE, "commit=true", JSON.writeValueAsString(documents));
    assertEquals(200, response.statusCode(), response.body());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @Test
  void documentsGetTheVectorsOfThePythonLibrary() throws Exception {
    List<JsonNode> cases = cases("mean", "document");
    Map<String, float[]> found = node.vectors(CORE);
    assertEquals(cases.size(), found.size());
    for (int i = 0; i < cases.size(); i++) {
      assertVector(cases.get(i), JSON.valueToTree(found.get("" + i)));
    }
    String text = cases.get(0).get("text").asText();
    JsonNode nearest =
        node.select(CORE, Map.of("q", "{!llm2vec f=vector topK=1 v=$qq}", "qq", text));
    assertEquals("0", nearest.at("/response/docs/0/id").asText());
    assertEquals(1.0, nearest.at("/response/docs/0/score").asDouble(), 1e-5);
  }

  @Test
  void queriesWithInstructionsGetTheVectorsOfThePythonLibrary() throws Exception {
    List<JsonNode> cases = cases("mean-instructions", "query");
    for (JsonNode one : cases) {
      HttpResponse<String> response =
          node.get(
              "/%s/llm2vec?action=encode&model=default&text=%s&instruction=%s"
                  .formatted(
                      CORE, url(one.get("text").asText()), url(one.get("instruction").asText())));
      assertEquals(200, response.statusCode(), response.body());
      assertVector(one, JSON.readTree(response.body()).get("vector"));
    }
  }

  @Test
  void statusTellsWhatTheModelRunsOnAndWhatItsQueueDid() throws Exception {
    JsonNode model = JSON.readTree(node.get("/" + CORE + "/llm2vec").body()).at("/models/0");
    assertEquals("READY", model.get("state").asText(), model.toString());
    assertEquals("cpu:0, cpu:1", model.get("device").asText());
    assertEquals("WORKS", model.at("/queue/devices/cpu:1/state").asText(), model.toString());
    assertEquals("float32", model.get("dtype").asText());
    assertEquals(64, model.get("dimensions").asInt());
    assertTrue(model.get("documents").asInt() >= cases("mean", "document").size());
    assertTrue(model.at("/queue/work/tokens").asInt() > 0, model.toString());
    assertTrue(model.at("/queue/stepMs/count").asInt() > 0, model.toString());
  }

  private List<JsonNode> cases(String group, String role) {
    List<JsonNode> cases = new ArrayList<>();
    for (JsonNode candidate : oracle.get("groups")) {
      if (candidate.get("name").asText().equals(group)) {
        for (JsonNode one : candidate.get("cases")) {
          if (one.get("role").asText().equals(role) && !one.get("text").asText().isBlank()) {
            cases.add(one);
          }
        }
      }
    }
    assertFalse(cases.isEmpty());
    return cases;
  }

  private static void assertVector(JsonNode oracle, JsonNode vector) {
    JsonNode expected = oracle.get("embedding");
    double square = 0;
    for (JsonNode value : expected) {
      square += value.asDouble() * value.asDouble();
    }
    assertTrue(square > 0);
    assertEquals(expected.size(), vector.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(
          expected.get(i).asDouble() / Math.sqrt(square),
          vector.get(i).asDouble(),
          1e-5,
          oracle.get("text_name").asText() + ", dimension " + i);
    }
  }

  private static String url(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
