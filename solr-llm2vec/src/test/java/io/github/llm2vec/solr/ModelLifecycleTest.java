/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.solr.common.SolrException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models are open once per node, from the first core that asks to the last one that goes. */
class ModelLifecycleTest {

  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "16");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<FakeBatchModel> opened = new ArrayList<>();
  private final List<Runnable> waiting = new ArrayList<>();
  private boolean broken;
  private boolean atOnce = true;

  @TempDir private Path home;
  private SolrNode node;

  @BeforeEach
  void start() throws Exception {
    ModelsFile models =
        new ModelsFile(
            home.resolve(ModelsFile.NAME),
            Map.of("default", ModelDeclaration.of("default", "fake")),
            1 << 20);
    node = SolrNode.start(home, new EncoderRegistry(models, this::open, this::execute));
  }

  private EncoderService open(ModelDeclaration declaration) {
    if (broken) {
      throw new IllegalArgumentException("the checkpoint is broken");
    }
    opened.add(new FakeBatchModel(16));
    return opened.get(opened.size() - 1).service();
  }

  private void execute(Runnable task) {
    if (atOnce) {
      task.run();
    } else {
      waiting.add(task);
    }
  }

  @AfterEach
  void stop() {
    node.close();
    assertTrue(opened.stream().allMatch(FakeBatchModel::isClosed), "the node closes what is open");
  }

  @Test
  void coresShareOneEncoderUntilTheLastOneGoes() throws Exception {
    node.createCore("one", PROPERTIES);
    node.createCore("two", PROPERTIES);
    index("one");
    index("two");
    assertEquals(1, opened.size());
    assertEquals(2, status().get("cores").asInt());
    assertEquals(2, status().get("documents").asInt());
    node.container().unload("one");
    assertFalse(opened.get(0).isClosed());
    index("two");
    node.container().unload("two");
    assertTrue(opened.get(0).isClosed());
    node.createCore("three", PROPERTIES);
    index("three");
    assertEquals(2, opened.size());
  }

  @Test
  void reloadKeepsTheEncoder() throws Exception {
    node.createCore("one", PROPERTIES);
    for (int i = 0; i < 5; i++) {
      index("one");
      node.container().reload("one");
      node.select("one", Map.of("q", "{!llm2vec f=vector}words"));
    }
    assertEquals(1, opened.size());
    assertFalse(opened.get(0).isClosed());
    assertEquals(1, status().get("cores").asInt());
  }

  @Test
  void queryDuringOpeningIsToldToComeBack() throws Exception {
    atOnce = false;
    node.createCore("one", PROPERTIES);
    HttpResponse<String> early = node.trySelect("one", Map.of("q", "{!llm2vec f=vector}words"));
    assertEquals(503, early.statusCode(), early.body());
    assertTrue(early.body().contains("model 'default' is still being opened"), early.body());
    assertEquals("LOADING", status().get("state").asText());
    waiting.forEach(Runnable::run);
    assertEquals(1, waiting.size(), "update chain and query parser ask for the same model");
    assertEquals("READY", status().get("state").asText());
    node.select("one", Map.of("q", "{!llm2vec f=vector}words"));
  }

  @Test
  void modelThatNobodyWaitsForAnyMoreIsClosedAsSoonAsItIsOpen() throws Exception {
    atOnce = false;
    node.createCore("one", PROPERTIES);
    node.container().unload("one");
    waiting.forEach(Runnable::run);
    assertTrue(opened.get(0).isClosed());
  }

  @Test
  void brokenModelIsReportedAndOpenedAfterRepairAndReload() throws Exception {
    broken = true;
    node.createCore("one", PROPERTIES);
    HttpResponse<String> update = node.update("one", "", "[{\"id\":\"1\",\"text\":\"words\"}]");
    assertEquals(500, update.statusCode(), update.body());
    assertTrue(
        update
            .body()
            .contains("model 'default' could not be opened: the checkpoint is broken. Repair it"),
        update.body());
    HttpResponse<String> query = node.trySelect("one", Map.of("q", "{!llm2vec f=vector}words"));
    assertEquals(500, query.statusCode(), query.body());
    assertEquals("the checkpoint is broken", status().get("failure").asText());
    broken = false;
    node.container().reload("one");
    index("one");
    assertEquals("READY", status().get("state").asText());
  }

  @Test
  void handlerEncodesATextForEitherRole() throws Exception {
    node.createCore("one", PROPERTIES);
    for (String role : List.of("query", "document")) {
      JsonNode vector = encode("role=" + role + "&instruction=Find:&text=" + url("some words"));
      float[] expected = opened.get(0).vector("Find: some words");
      assertEquals(16, vector.size());
      for (int i = 0; i < 16; i++) {
        assertEquals(expected[i], vector.get(i).floatValue(), 0f);
      }
    }
    assertEquals(400, node.get("/one/llm2vec?action=encod").statusCode());
    assertTrue(node.get("/one/llm2vec?action=encod").body().contains("did you mean 'encode'?"));
    assertEquals(400, node.get("/one/llm2vec?action=encode&model=default").statusCode());
  }

  @Test
  void configurationErrorsKeepACoreFromLoading() {
    assertRefused(
        Map.of("<str name=\"errorField\">", "<str name=\"errorFeild\">"),
        "unknown argument 'errorFeild'; did you mean 'errorField'?");
    assertRefused(Map.of("${llm2vec.onError:fail}", "retyr"), "unknown onError 'retyr'");
    assertRefused(
        Map.of("{title} {text}", "{titel}"), "the schema has no field 'titel'; did you mean");
    assertRefused(
        Map.of("<str name=\"vector\">vector<", "<str name=\"vector\">text<"),
        "field 'text' is of type 'text_en'");
    assertRefused(Map.of("${llm2vec.model:default}", "defualt"), "did you mean 'default'?");
  }

  @Test
  void missingAndFaultyModelsFilesAreExplained() throws Exception {
    Path other = home.resolve("other");
    Files.createDirectories(other);
    try (SolrNode real = SolrNode.start(other)) {
      Throwable missing =
          assertThrows(SolrException.class, () -> real.createCore("one", PROPERTIES));
      assertTrue(messages(missing).contains("llm2vec-models.json is missing"), messages(missing));
    }
    Path third = home.resolve("third");
    Files.createDirectories(third);
    Files.writeString(third.resolve(ModelsFile.NAME), "{\"modles\": {}}");
    try (SolrNode real = SolrNode.start(third)) {
      Throwable faulty =
          assertThrows(SolrException.class, () -> real.createCore("one", PROPERTIES));
      assertTrue(messages(faulty).contains("did you mean 'models'?"), messages(faulty));
    }
  }

  private void assertRefused(Map<String, String> changes, String reason) {
    String core = "bad" + Math.floorMod(reason.hashCode(), 10_000);
    Throwable thrown =
        assertThrows(SolrException.class, () -> node.createCore(core, PROPERTIES, changes));
    assertTrue(messages(thrown).contains(reason), messages(thrown));
  }

  private static String messages(Throwable thrown) {
    StringBuilder messages = new StringBuilder();
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      messages.append(t.getMessage()).append('\n');
    }
    return messages.toString();
  }

  private void index(String core) throws Exception {
    HttpResponse<String> response =
        node.update(core, "commit=true", "[{\"id\":\"1\",\"text\":\"words\"}]");
    assertEquals(200, response.statusCode(), response.body());
  }

  private JsonNode status() throws Exception {
    String core = node.container().getAllCoreNames().get(0);
    HttpResponse<String> response = node.get("/" + core + "/llm2vec");
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body()).at("/models/0");
  }

  private JsonNode encode(String parameters) throws Exception {
    HttpResponse<String> response =
        node.get("/one/llm2vec?action=encode&model=default&" + parameters);
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body()).get("vector");
  }

  private static String url(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
