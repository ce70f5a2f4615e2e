/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.solr.node.EncoderFactory;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.remote.EncoderNodes;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.solr.cloud.MiniSolrCloudCluster;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettySolrRunner;
import org.apache.solr.util.TimeOut;

/** A cluster some of whose nodes encode for the others, asked over HTTP node by node. */
final class EncodingCluster {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final MiniSolrCloudCluster cluster;
  private final Map<Integer, EncoderRegistry> registries = new ConcurrentHashMap<>();
  private final HttpClient http = HttpClient.newHttpClient();

  EncodingCluster(MiniSolrCloudCluster cluster) {
    this.cluster = cluster;
  }

  /** Gives a node a model of its own. */
  void serve(int node, FakeBatchModel model) {
    install(node, ModelDeclaration.of("default", "fake"), declaration -> model.service());
  }

  /** Has a node ask others. */
  void ask(int node) {
    install(
        node,
        ModelDeclaration.served("default", "", new EncoderNodes.InCluster()),
        EncodingCluster::none);
  }

  private static EncoderService none(ModelDeclaration declaration) {
    throw new AssertionError("this node has no model");
  }

  void install(int node, ModelDeclaration declaration, EncoderFactory factory) {
    ModelsFile models =
        new ModelsFile(
            Path.of(runner(node).getSolrHome(), ModelsFile.NAME),
            Map.of("default", declaration),
            1 << 20);
    EncoderRegistry registry = new EncoderRegistry(models, factory, Runnable::run);
    registries.put(node, registry);
    EncoderRegistry.install(runner(node).getCoreContainer(), registry);
  }

  JettySolrRunner runner(int node) {
    return cluster.getJettySolrRunner(node);
  }

  String name(int node) {
    return runner(node).getNodeName();
  }

  /** Waits until a node has found one that encodes for it. */
  void awaitReady(int node) {
    registries.get(node).find("default").orElseThrow().awaitReady(Duration.ofMinutes(1));
  }

  /** Stops a node, whose cores find no model when it starts. */
  void stop(int node) throws Exception {
    Files.writeString(
        Path.of(runner(node).getSolrHome(), ModelsFile.NAME),
        "{\"models\": {\"default\": {\"model\": \"none\"}}}");
    JettySolrRunner runner = runner(node);
    runner.stop();
    cluster.waitForJettyToStop(runner);
  }

  /** Starts a node with a model. */
  void start(int node, FakeBatchModel model) throws Exception {
    runner(node).start(true);
    cluster.waitForNode(runner(node), 30);
    serve(node, model);
    reload(node);
  }

  /** Has the cores of a node take its models anew. */
  void reload(int node) {
    for (String core : runner(node).getCoreContainer().getAllCoreNames()) {
      runner(node).getCoreContainer().reload(core);
    }
  }

  HttpResponse<String> update(int node, String collection, Map<String, String> texts)
      throws Exception {
    List<Map<String, String>> documents =
        texts.entrySet().stream()
            .map(text -> Map.of("id", text.getKey(), "text", text.getValue()))
            .toList();
    return http.send(
        HttpRequest.newBuilder(
                URI.create(runner(node).getBaseUrl() + "/" + collection + "/update?commit=true"))
            .timeout(SolrNode.PATIENCE)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(documents)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Indexes documents, which must be accepted. */
  void index(int node, String collection, Map<String, String> texts) throws Exception {
    HttpResponse<String> response = update(node, collection, texts);
    assertEquals(response.body(), 200, response.statusCode());
  }

  HttpResponse<String> search(int node, String collection, String text) throws Exception {
    return get(
        node,
        "/"
            + collection
            + "/select?fl=id&rows=1&indent=false&q="
            + URLEncoder.encode("{!llm2vec f=vector topK=5 v=$qq}", StandardCharsets.UTF_8)
            + "&qq="
            + URLEncoder.encode(text, StandardCharsets.UTF_8));
  }

  /** The id of the nearest document, of a query that must be answered. */
  String nearest(int node, String collection, String text) throws Exception {
    HttpResponse<String> response = search(node, collection, text);
    assertEquals(response.body(), 200, response.statusCode());
    return JSON.readTree(response.body()).at("/response/docs/0/id").asText();
  }

  HttpResponse<String> get(int node, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(runner(node).getBaseUrl() + path))
            .timeout(SolrNode.PATIENCE)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** What a node says of its model. */
  JsonNode status(int node) throws Exception {
    String core = runner(node).getCoreContainer().getAllCoreNames().get(0);
    return JSON.readTree(get(node, "/" + core + "/llm2vec?model=default").body()).at("/models/0");
  }

  /** What a node says of another one; a missing node if it knows none. */
  JsonNode status(int node, int of) throws Exception {
    for (JsonNode each : status(node).path("encoderNodes")) {
      if (each.path("node").asText().equals(name(of))) {
        return each;
      }
    }
    return MissingNode.getInstance();
  }

  /** Waits until a node sees another one so: it looks again every second. */
  void awaitSight(int node, int of, String state) throws Exception {
    await(
        name(of) + " is to be " + state,
        () -> status(node, of).path("state").asText().equals(state));
  }

  /** Waits until a node has noticed that no other one encodes for it. */
  void awaitUnreachable(int node) throws Exception {
    await(
        "nobody encodes for " + name(node),
        () -> status(node).path("state").asText().equals("UNREACHABLE"));
  }

  /** Waits until a query stands in the queue of a node's model. */
  void awaitWaitingQuery(int node) throws Exception {
    await(
        "a query waits at " + name(node),
        () -> status(node).at("/queue/queries/texts").asInt() == 1);
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    new TimeOut(1, TimeUnit.MINUTES, TimeSource.NANO_TIME)
        .waitFor(
            what,
            () -> {
              try {
                return condition.call();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
  }

  /** The vectors of a collection, by id, wherever they are. */
  Map<String, float[]> vectors(String collection) throws IOException {
    Map<String, float[]> vectors = new TreeMap<>();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      if (!node.isRunning()) {
        continue;
      }
      for (String name : node.getCoreContainer().getLoadedCoreNames()) {
        try (SolrCore core = node.getCoreContainer().getCore(name)) {
          if (core.getCoreDescriptor().getCollectionName().equals(collection)) {
            vectors.putAll(UpdatingCore.vectors(core, "vector"));
          }
        }
      }
    }
    return vectors;
  }

  /** Every document has the vector of its text, to the last bit, and no other is there. */
  void assertVectors(String collection, FakeBatchModel model, Map<String, String> texts)
      throws IOException {
    Map<String, float[]> vectors = vectors(collection);
    assertEquals(new TreeMap<>(texts).keySet(), vectors.keySet());
    texts.forEach(
        (id, text) -> assertArrayEquals(id, model.vector("  " + text), vectors.get(id), 0f));
  }
}
