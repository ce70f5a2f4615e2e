/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.MiniSolrCloudCluster;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.embedded.JettySolrRunner;

/**
 * The same documents in one index and in a collection of two shards with two replicas each, on two
 * nodes. Every text has a random vector of its own, so that a text that loses or gains a character
 * on its way finds other documents.
 */
final class MatrixCluster implements AutoCloseable {

  static final int DIMENSIONS = 16;
  private static final int DOCUMENTS = 120;
  private static final int GROUPS = 12;

  /** More than sums of 16 products in single precision are off by. */
  private static final double ROUNDING = 1e-6;

  private static final String WHOLE = "whole";

  /** The collection that has several shards. */
  static final String PARTS = "parts";

  private static final Path CONFIG = Path.of("src", "test", "resources", "matrix", "conf");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Words of the documents. */
  static final List<String> WORDS =
      List.of(
          "gene cell blood heart lung virus protein growth factor risk trial dose tumour brain"
              .split(" ", -1));

  private final MiniSolrCloudCluster cluster;
  private final HttpClient http = HttpClient.newHttpClient();
  private final FakeBatchModel encoder =
      new FakeBatchModel(DIMENSIONS, "5eeded", text -> vector(text.substring(1)));
  private final List<Document> documents = new ArrayList<>();
  private final Map<String, TreeSet<String>> shards = new TreeMap<>();
  private int turn;

  /** Where a request goes. */
  enum Topology {
    /** A core by itself. */
    ONE_CORE,
    /** A core that is told the addresses of the shards. */
    SHARDS,
    /** A collection of two shards; the nodes take turns. */
    CLOUD
  }

  /**
   * A document of the index, or a passage of one.
   *
   * @param root the id of its document, its own if it is one
   * @param group by which it is collapsed; "" if it is a passage
   * @param category for filters; -1 if it is a passage
   * @param number different for all
   * @param vector {@code [16]}, of length 1
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Document(String id, String root, String group, int category, int number, float[] vector) {
    boolean isPassage() {
      return !id.equals(root);
    }
  }

  MatrixCluster(Path folder) throws Exception {
    Files.createDirectories(folder);
    cluster = new MiniSolrCloudCluster.Builder(2, folder).addConfig("matrix", CONFIG).build();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      ModelsFile models =
          new ModelsFile(
              folder.resolve(ModelsFile.NAME),
              Map.of("default", ModelDeclaration.of("default", "fake")),
              1 << 20);
      EncoderRegistry.install(
          node.getCoreContainer(),
          new EncoderRegistry(models, model -> encoder.service(), Runnable::run));
    }
    List<Map<String, Object>> updates = documents();
    for (String name : List.of(WHOLE, PARTS)) {
      int copies = name.equals(WHOLE) ? 1 : 2;
      CollectionAdminRequest.createCollection(name, "matrix", copies, copies)
          .process(cluster.getSolrClient());
      cluster.waitForActiveCollection(name, copies, copies * copies);
      HttpResponse<String> response =
          post(
              "/" + name + "/update?commit=true&waitSearcher=true",
              JSON.writeValueAsString(updates));
      if (response.statusCode() != 200) {
        throw new AssertionError(response.body());
      }
    }
    for (Slice slice : slices(PARTS)) {
      TreeSet<String> ids = new TreeSet<>();
      Map<String, Object> all = Map.of("q", "*:*", "fl", "id", "rows", 1000, "distrib", false);
      HttpResponse<String> response =
          send(slice.getLeader().getCoreUrl() + "select", JSON.writeValueAsString(body(all)));
      for (JsonNode found : JSON.readTree(response.body()).at("/response/docs")) {
        ids.add(found.get("id").asText());
      }
      shards.put(slice.getName(), ids);
    }
  }

  private Iterable<Slice> slices(String collection) {
    return cluster.getZkStateReader().getClusterState().getCollection(collection).getSlices();
  }

  private List<Map<String, Object>> documents() {
    Random random = new Random(7);
    List<Map<String, Object>> updates = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      String group = "g" + i % GROUPS;
      String id = group + "!" + i;
      Document document = new Document(id, id, group, i % 3, (i * 7919) % 1009, vector(random));
      documents.add(document);
      List<Map<String, Object>> passages = new ArrayList<>();
      for (int p = 0; p < 1 + i % 3; p++) {
        Document passage =
            new Document(id + "-" + p, id, "", -1, 2000 + documents.size(), vector(random));
        documents.add(passage);
        passages.add(
            Map.of(
                "id", passage.id(),
                "number_i", passage.number(),
                "passage_vector", passage.vector()));
      }
      List<String> words = new ArrayList<>();
      for (int w = 0; w < 3 + random.nextInt(20); w++) {
        words.add(WORDS.get(random.nextInt(WORDS.size())));
      }
      updates.add(
          Map.of(
              "id", id,
              "type_s", "document",
              "group_s", group,
              "category_i", document.category(),
              "number_i", document.number(),
              "text", String.join(" ", words),
              "doc_vector", document.vector(),
              "short_vector", document.vector(),
              "passages", passages));
    }
    return updates;
  }

  private static float[] vector(Random random) {
    float[] vector = new float[DIMENSIONS];
    double squares = 0;
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = (float) random.nextGaussian();
      squares += vector[i] * vector[i];
    }
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = (float) (vector[i] / Math.sqrt(squares));
    }
    return vector;
  }

  /**
   * The vector of a text: random, but so that no two documents are equally near to it as far as
   * single precision can tell. Which of them comes first would be a matter of the order in which
   * products are summed.
   */
  float[] vector(String text) {
    Random random = new Random(31L * text.hashCode() + text.length());
    while (true) {
      float[] vector = vector(random);
      double[] products =
          documents.stream().mapToDouble(one -> product(one.vector(), vector)).sorted().toArray();
      if (IntStream.range(1, products.length)
          .allMatch(i -> products[i] - products[i - 1] > ROUNDING)) {
        return vector;
      }
    }
  }

  private static double product(float[] left, float[] right) {
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (double) left[i] * right[i];
    }
    return sum;
  }

  /** All documents and passages. */
  List<Document> all() {
    return documents;
  }

  /** The parts in which a search takes its nearest: the whole index, or the shards. */
  List<List<Document>> parts(Topology topology) {
    if (topology == Topology.ONE_CORE) {
      return List.of(documents);
    }
    return shards.values().stream()
        .map(ids -> documents.stream().filter(one -> ids.contains(one.id())).toList())
        .toList();
  }

  /** The texts that were encoded since this was asked last. */
  List<String> encoded() {
    List<String> texts = encoder.texts();
    encoder.forget();
    return texts;
  }

  /** The answer to a search, whatever it is. */
  HttpResponse<String> select(Topology topology, Map<String, Object> params) throws Exception {
    Map<String, Object> all = new TreeMap<>(params);
    String collection = topology == Topology.ONE_CORE ? WHOLE : PARTS;
    if (topology == Topology.ONE_CORE) {
      all.put("distrib", false);
    } else if (topology == Topology.SHARDS) {
      List<String> addresses = new ArrayList<>();
      for (Slice slice : slices(PARTS)) {
        Replica replica = slice.getLeader();
        addresses.add(replica.getCoreUrl().replaceFirst("^https?://", "").replaceFirst("/$", ""));
      }
      all.put("shards", String.join(",", addresses));
    }
    return post("/" + collection + "/select", JSON.writeValueAsString(body(all)));
  }

  private static Map<String, Object> body(Map<String, Object> params) {
    return Map.of("params", params);
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    List<JettySolrRunner> nodes = cluster.getJettySolrRunners();
    return send(nodes.get(turn++ % nodes.size()).getBaseUrl() + path, body);
  }

  private HttpResponse<String> send(String url, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    try {
      cluster.shutdown();
    } catch (Exception e) {
      throw new IllegalStateException("the test's cluster does not stop", e);
    }
  }
}
