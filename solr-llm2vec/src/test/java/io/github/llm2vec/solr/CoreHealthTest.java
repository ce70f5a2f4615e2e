/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Health by core and by model, and what a reload says of its consequences, with real models. */
class CoreHealthTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path MODEL =
      Path.of("..", "examples", "models", "stories260K").toAbsolutePath().normalize();

  /** Width of the model's vectors. */
  private static final Map<String, String> FITTING = Map.of("llm2vec.dims", "64");

  @TempDir private Path home;
  private SolrNode node;

  @BeforeEach
  void start() throws Exception {
    declare("mean");
    node = SolrNode.start(home);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private void declare(String pooling) throws Exception {
    Files.writeString(
        home.resolve(ModelsFile.NAME),
        JSON.writeValueAsString(
            Map.of(
                "models",
                Map.of(
                    "default", Map.of("model", MODEL.toString(), "pooling", pooling),
                    "missing", Map.of("model", "no-such-folder")))));
  }

  private void create(String core, Map<String, String> properties) throws Exception {
    node.createCore(core, properties);
    awaitOpen(core);
  }

  private void awaitOpen(String core) throws Exception {
    await(core, "/models/0/state", "READY");
  }

  private JsonNode await(String core, String pointer, String value) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (true) {
      JsonNode status =
          JSON.readTree(node.get("/" + core + "/llm2vec?action=status&model=default").body());
      if (status.at(pointer).asText().equals(value)) {
        return status;
      }
      assertTrue(System.nanoTime() < end, () -> "waited in vain: " + status);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  private void assertHealthy(String core) throws Exception {
    HttpResponse<String> response = node.get("/" + core + "/llm2vec?action=health");
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("OK", JSON.readTree(response.body()).get("status").asText());
  }

  private String problem(String core) throws Exception {
    HttpResponse<String> response = node.get("/" + core + "/llm2vec?action=health");
    assertEquals(503, response.statusCode(), response.body());
    JsonNode problems = JSON.readTree(response.body()).get("problems");
    assertEquals(1, problems.size(), response.body());
    return problems.get(0).asText();
  }

  private void index(String core, String parameters, String id) throws Exception {
    HttpResponse<String> response =
        node.update(
            core,
            "commit=true&" + parameters,
            "[{\"id\":\"" + id + "\",\"text\":\"words of " + id + "\"}]");
    assertEquals(200, response.statusCode(), response.body());
  }

  /** Reloads the model as the file says now and hands on the answer when it is open. */
  private JsonNode reload(String pooling) throws Exception {
    declare(pooling);
    HttpResponse<String> answer = node.reloadModel("one");
    assertEquals(200, answer.statusCode(), answer.body());
    await("one", "/models/0/reload/state", "DONE");
    return JSON.readTree(answer.body());
  }

  @Test
  void aReloadSaysWhichIndexesItWillCutOffAndHealthKnowsAfterwards() throws Exception {
    create("one", FITTING);
    create("empty", FITTING);
    index("one", "", "1");
    assertHealthy("one");

    JsonNode harmless = reload("mean");
    assertTrue(harmless.path("warnings").isMissingNode(), harmless.toString());
    assertHealthy("one");

    JsonNode answer = reload("last_token");
    assertEquals(2, answer.at("/reload/number").asInt());
    JsonNode warnings = answer.get("warnings");
    assertEquals(1, warnings.size(), answer.toString());
    String warning = warnings.get(0).asText();
    assertTrue(warning.startsWith("core 'one': field 'vector' holds vectors of"), warning);
    JsonNode done = await("one", "/models/0/reload/state", "DONE").at("/models/0");
    assertEquals(answer.at("/reload/after/fingerprint").asText(), done.get("fingerprint").asText());
    assertFalse(done.at("/reload/before/fingerprint").equals(done.at("/reload/after/fingerprint")));
    String query = "{!llm2vec f=vector}words";
    assertEquals(409, node.trySelect("one", Map.of("q", query)).statusCode());
    assertTrue(problem("one").contains("but this core uses model 'default'"), problem("one"));
    assertHealthy("empty");

    index("one", "allowModelChange=true", "2");
    assertTrue(problem("one").contains("cannot be compared with each other"), problem("one"));

    index("one", "allowModelChange=true", "1");
    assertHealthy("one");
    assertEquals(200, node.trySelect("one", Map.of("q", query)).statusCode());
  }

  @Test
  void aWidthThatDoesNotFitIsRedBeforeTheFirstDocument() throws Exception {
    create("one", Map.of("llm2vec.dims", "32"));
    String problem = problem("one");
    assertTrue(problem.contains("vectorDimension=32"), problem);
    assertTrue(problem.contains("gives vectors of 64"), problem);
  }

  @Test
  void aModelThatCannotBeOpenedIsRedForTheCoresThatUseItAlone() throws Exception {
    create("one", FITTING);
    node.createCore("broken", Map.of("llm2vec.dims", "64", "llm2vec.model", "missing"));
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!problem("broken").contains("FAILED")) {
      assertTrue(System.nanoTime() < end, "waited in vain");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    assertTrue(problem("broken").contains("no-such-folder"), problem("broken"));
    assertHealthy("one");
    assertEquals(503, node.get("/one/llm2vec?action=health&model=missing").statusCode());
    assertEquals(200, node.get("/broken/llm2vec?action=health&model=default").statusCode());
  }

  @Test
  void tryingATextBringsNoModelIntoMemory() throws Exception {
    create("one", FITTING);
    HttpResponse<String> refused = node.get("/one/llm2vec?action=encode&model=missing&text=words");
    assertEquals(400, refused.statusCode(), refused.body());
    assertTrue(refused.body().contains("no core holds it"), refused.body());
    assertEquals(200, node.get("/one/llm2vec?action=encode&model=default&text=words").statusCode());
  }
}
