/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators do: look, measure, check, reload. */
class NodeOperationsTest {

  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "16");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<FakeBatchModel> opened = new CopyOnWriteArrayList<>();
  private final List<ModelDeclaration> declarations = new CopyOnWriteArrayList<>();
  private final List<Runnable> waiting = new ArrayList<>();
  private final ExecutorService client = Executors.newSingleThreadExecutor();
  private boolean broken;
  private boolean atOnce = true;

  @TempDir private Path home;
  private SolrNode node;

  @BeforeEach
  void start() throws Exception {
    declare("first");
    ModelsFile models = ModelsFile.read(home.resolve(ModelsFile.NAME));
    node = SolrNode.start(home, new EncoderRegistry(models, this::open, this::execute));
  }

  private void declare(String model) throws Exception {
    Files.writeString(
        home.resolve(ModelsFile.NAME),
        "{\"models\": {\"default\": {\"model\": \"" + model + "\"}}}");
  }

  private EncoderService open(ModelDeclaration declaration) {
    declarations.add(declaration);
    if (broken) {
      throw new IllegalArgumentException("the checkpoint is broken");
    }
    FakeBatchModel model = new FakeBatchModel(16);
    opened.add(model);
    return model.service();
  }

  private void execute(Runnable task) {
    if (atOnce) {
      task.run();
    } else {
      waiting.add(task);
    }
  }

  @AfterEach
  void stop() throws Exception {
    opened.forEach(FakeBatchModel::letGo);
    node.close();
    client.shutdownNow();
    assertTrue(client.awaitTermination(60, TimeUnit.SECONDS));
    assertTrue(opened.stream().allMatch(FakeBatchModel::isClosed), "what is open is closed");
  }

  private HttpResponse<String> handler(String parameters) throws Exception {
    return node.get("/one/llm2vec?" + parameters);
  }

  private JsonNode status() throws Exception {
    return JSON.readTree(handler("").body()).at("/models/0");
  }

  private CompletableFuture<HttpResponse<String>> indexInBackground(String text) {
    CompletableFuture<HttpResponse<String>> result = new CompletableFuture<>();
    client.execute(
        () -> {
          try {
            result.complete(
                node.update("one", "commit=true", "[{\"id\":\"1\",\"text\":\"" + text + "\"}]"));
          } catch (Exception e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private void search(String text) throws Exception {
    node.select("one", Map.of("q", "{!llm2vec f=vector}" + text));
  }

  @Test
  void reloadSwapsTheModelWithoutDroppingARequest() throws Exception {
    node.createCore("one", PROPERTIES);
    opened.get(0).hold();
    CompletableFuture<HttpResponse<String>> underWay = indexInBackground("old");
    opened.get(0).awaitStep();
    declare("second");
    HttpResponse<String> reload = node.reloadModel("one");
    assertEquals(200, reload.statusCode(), reload.body());
    assertEquals("second", declarations.get(1).model());
    assertEquals("second", status().get("model").asText());
    assertEquals(2, status().get("openModels").asInt());
    search("new");
    assertEquals(List.of("new"), opened.get(1).texts());
    assertFalse(opened.get(0).isClosed());
    opened.get(0).letGo();
    HttpResponse<String> response = underWay.get(60, TimeUnit.SECONDS);
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(List.of("old"), opened.get(0).texts());
    assertTrue(opened.get(0).isClosed(), "closed by the last call that used it");
    assertEquals(1, status().get("openModels").asInt());
    assertEquals(1, status().get("documents").asInt(), "counts outlive the reload");
  }

  @Test
  void aReloadThatFailsLeavesTheModelAsItIsAndSaysWhy() throws Exception {
    node.createCore("one", PROPERTIES);
    broken = true;
    assertEquals(200, node.reloadModel("one").statusCode());
    assertEquals("READY", status().get("state").asText());
    assertEquals("the checkpoint is broken", status().get("failure").asText());
    search("words");
    Files.writeString(home.resolve(ModelsFile.NAME), "{\"modles\": {}}");
    HttpResponse<String> refused = node.reloadModel("one");
    assertEquals(500, refused.statusCode());
    assertTrue(refused.body().contains("did you mean 'models'?"), refused.body());
    search("more words");
    assertEquals(1, opened.size());
  }

  @Test
  void aSecondReloadIsRefusedWhileTheFirstRuns() throws Exception {
    node.createCore("one", PROPERTIES);
    atOnce = false;
    assertEquals(200, node.reloadModel("one").statusCode());
    assertEquals(409, node.reloadModel("one").statusCode());
    search("words");
    waiting.forEach(Runnable::run);
    assertEquals(2, opened.size());
    assertTrue(opened.get(0).isClosed());
    HttpResponse<String> unknown =
        node.post("/one/llm2vec?action=reload&model=defualt", "text/plain", "");
    assertEquals(400, unknown.statusCode(), unknown.body());
  }

  @Test
  void aModelReloadedForNobodyIsClosedAgain() throws Exception {
    node.createCore("one", PROPERTIES);
    atOnce = false;
    assertEquals(200, node.reloadModel("one").statusCode());
    node.container().unload("one");
    assertTrue(opened.get(0).isClosed());
    waiting.forEach(Runnable::run);
    assertTrue(opened.get(1).isClosed());
  }

  @Test
  void healthIsRedUntilTheModelIsReady() throws Exception {
    atOnce = false;
    node.createCore("one", PROPERTIES);
    HttpResponse<String> red = handler("action=health");
    assertEquals(503, red.statusCode(), red.body());
    assertTrue(red.body().contains("model 'default' is LOADING"), red.body());
    broken = true;
    waiting.remove(0).run();
    red = handler("action=health&model=default");
    assertEquals(503, red.statusCode(), red.body());
    assertTrue(red.body().contains("FAILED: the checkpoint is broken"), red.body());
    broken = false;
    assertEquals(200, node.reloadModel("one").statusCode());
    waiting.remove(0).run();
    assertEquals(200, handler("action=health").statusCode());
    assertEquals(400, handler("action=health&model=other").statusCode());
  }

  @Test
  void aDeviceThatFailsIsReportedUntilItWorksAgain() throws Exception {
    node.createCore("one", PROPERTIES);
    search("known");
    opened.get(0).breakDevice();
    HttpResponse<String> refused =
        node.update("one", "commit=true", "[{\"id\":\"1\",\"text\":\"words\"}]");
    assertEquals(503, refused.statusCode(), refused.body());
    assertTrue(refused.body().contains("no device is left that encodes"), refused.body());
    assertTrue(refused.body().contains("unspecified launch failure"), refused.body());
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    search("known");
    JsonNode device = status().at("/queue/devices/device");
    assertEquals("LEFT_OUT", device.get("state").asText(), device.toString());
    HttpResponse<String> red = handler("action=health");
    assertEquals(503, red.statusCode(), red.body());
    assertTrue(red.body().contains("model 'default' goes without device device"), red.body());
    assertEquals(1, TestRelease.metrics(node, "default").get("faileddevices"));
    opened.get(0).repairDevice();
    while (status().at("/queue/devices/device/state").asText().equals("LEFT_OUT")) {
      Thread.onSpinWait();
    }
    assertEquals(200, handler("action=health").statusCode());
    assertEquals(
        200, node.update("one", "commit=true", "[{\"id\":\"1\",\"text\":\"words\"}]").statusCode());
  }

  @Test
  void figuresAreInTheMetricsOfTheNode() throws Exception {
    node.createCore("one", PROPERTIES);
    assertEquals(
        200, node.update("one", "commit=true", "[{\"id\":\"1\",\"text\":\"words\"}]").statusCode());
    search("a query");
    search("a query");
    Map<String, Double> metrics = TestRelease.metrics(node, "default");
    assertEquals(1, metrics.get("ready"), metrics.toString());
    assertEquals(1, metrics.get("documents"));
    assertEquals(1, metrics.get("queries"));
    assertEquals(1, metrics.get("cachedqueries"));
    // A blank and a letter are a token each: " words" and " a query".
    assertEquals(14, metrics.get("tokens"));
    assertTrue(metrics.containsKey("queryqueuemsp99"));
  }
}
