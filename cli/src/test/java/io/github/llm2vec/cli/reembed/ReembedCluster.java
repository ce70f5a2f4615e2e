/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.MiniSolrCloudCluster;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.embedded.JettySolrRunner;
import org.apache.zookeeper.ZooKeeper;

/**
 * Two real Solr nodes that have the models "default" and "new" each, and collections of two shards
 * with two replicas.
 */
final class ReembedCluster {

  private static final Path BASIC = Path.of("..", "solr-config-examples", "basic", "conf");
  private static final String MAPPED = "<str name=\"vector\">vector</str>";

  final MiniSolrCloudCluster cluster;
  final Path folder;
  final List<HashedModel> news = new ArrayList<>();
  final List<HashedModel> olds = new ArrayList<>();
  final CommandRunner runner = new CommandRunner(options -> new HashEncoder(4));

  ReembedCluster(Path folder) throws Exception {
    this.folder = folder;
    cluster = new MiniSolrCloudCluster.Builder(2, folder.resolve("nodes")).build();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      HashedModel old = new HashedModel(16, 1);
      HashedModel fresh = new HashedModel(8, 2);
      olds.add(old);
      news.add(fresh);
      ModelsFile models =
          new ModelsFile(
              folder.resolve(ModelsFile.NAME),
              Map.of(
                  "default", ModelDeclaration.of("default", "hashed"),
                  "new", ModelDeclaration.of("new", "hashed")),
              1 << 20);
      EncoderRegistry.install(
          node.getCoreContainer(),
          new EncoderRegistry(
              models,
              declaration -> (declaration.name().equals("new") ? fresh : old).service(),
              Runnable::run));
    }
  }

  /** Makes a collection whose schema can be changed. */
  void create(String name, Map<String, String> changes) throws Exception {
    create(name, Replica.Type.NRT, changes);
  }

  void create(String name, Replica.Type replicas, Map<String, String> changes) throws Exception {
    upload(name, changes);
    int indexing = replicas == Replica.Type.NRT ? 2 : 0;
    CollectionAdminRequest.createCollection(name, name, 2, indexing, 2 - indexing, 0)
        .withProperty("llm2vec.dims", "16")
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(name, 2, 4);
  }

  /** Makes a collection with documents that have one vector; their texts by id. */
  Map<String, String> filled(String name, Replica.Type replicas, int documents) throws Exception {
    create(name, replicas, Map.of());
    Map<String, String> texts = new TreeMap<>();
    List<SolrInputDocument> all = new ArrayList<>();
    for (int i = 0; i < documents; i++) {
      all.add(document("d" + i, "title " + i, "words number " + i));
      texts.put("d" + i, "title " + i + " words number " + i);
    }
    add(0, name, all);
    return texts;
  }

  /** Has the update chain fill vector2 with the model "new" as well. */
  void map(String name, Map<String, String> changes) throws Exception {
    Map<String, String> all = new TreeMap<>(changes);
    all.put(
        "      <str name=\"source\">{title} {text}</str>\n      " + MAPPED,
        "      <str name=\"source\">{title} {text}</str>\n"
            + "<lst name=\"mapping\">"
            + MAPPED
            + "</lst>"
            + "<lst name=\"mapping\"><str name=\"vector\">vector2</str>"
            + "<str name=\"model\">new</str></lst>");
    upload(name, all);
    CollectionAdminRequest.reloadCollection(name).process(cluster.getSolrClient());
  }

  void upload(String name, Map<String, String> changes) throws IOException {
    Path conf = Files.createTempDirectory(folder, "conf");
    Map<String, String> all = new TreeMap<>(changes);
    all.put(
        "<schemaFactory class=\"ClassicIndexSchemaFactory\"/>",
        "<schemaFactory class=\"ManagedIndexSchemaFactory\"/>");
    for (String file : List.of("schema.xml", "solrconfig.xml")) {
      String text = Files.readString(BASIC.resolve(file));
      for (Map.Entry<String, String> change : all.entrySet()) {
        text = text.replace(change.getKey(), change.getValue());
      }
      Files.writeString(conf.resolve(file), text);
    }
    cluster.uploadConfigSet(conf, name);
  }

  /** Gives the running nodes other rules of who may do what. */
  void secure(String securityJson) throws Exception {
    // Solr's own client for it takes other arguments in each release.
    ZooKeeper client = new ZooKeeper(cluster.getZkServer().getZkAddress(), 30_000, event -> {});
    try {
      client.setData("/security.json", securityJson.getBytes(StandardCharsets.UTF_8), -1);
    } finally {
      client.close();
    }
  }

  String url(int node) {
    return cluster.getJettySolrRunner(node).getBaseUrl().toString();
  }

  int reembed(String collection, String... more) {
    return runner.run(arguments(collection, more).toArray(String[]::new));
  }

  List<String> arguments(String collection, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("reembed", "--solr", url(0), "--collection", collection, "--field", "vector"));
    arguments.addAll(List.of("--to", "vector2", "--batch", "7"));
    arguments.addAll(Arrays.asList(more));
    return arguments;
  }

  static SolrInputDocument document(String id, String title, String text) {
    return new SolrInputDocument("id", id, "title", title, "text", text);
  }

  void add(int node, String collection, List<SolrInputDocument> documents) throws Exception {
    try (SolrClient client = cluster.getJettySolrRunner(node).newClient()) {
      client.add(collection, documents);
      client.commit(collection);
    }
  }

  /** Every replica has these texts and no others, each with the vectors of both models. */
  void assertVectors(String collection, Map<String, String> texts) throws Exception {
    cluster.getSolrClient().commit(collection);
    int copies = 0;
    for (Slice slice :
        cluster.getZkStateReader().getClusterState().getCollection(collection).getSlices()) {
      for (Replica replica : slice.getReplicas()) {
        try (SolrClient client = node(replica).newClient()) {
          ModifiableSolrParams all = new ModifiableSolrParams();
          all.set("q", "*:*").set("rows", 10_000).set("fl", "id").set("distrib", false);
          for (SolrDocument document : client.query(replica.getCoreName(), all).getResults()) {
            String id = String.valueOf(document.getFieldValue("id"));
            String text = texts.get(id);
            if (text == null) {
              throw new AssertionError(id + " should not be there");
            }
            for (String field : List.of("vector", "vector2")) {
              HashedModel model = (field.equals("vector") ? olds : news).get(0);
              assertEquals(
                  1,
                  similarity(client, replica.getCoreName(), id, field, model.vector(text)),
                  1e-6,
                  id + " " + field + " on " + replica.getName());
            }
            copies++;
          }
        }
      }
    }
    assertEquals(2 * texts.size(), copies);
  }

  private JettySolrRunner node(Replica replica) {
    return cluster.getJettySolrRunners().stream()
        .filter(node -> node.getNodeName().equals(replica.getNodeName()))
        .findFirst()
        .orElseThrow();
  }

  /**
   * (1 + cosine) / 2 of a document's vector and another one, by Solr's own function; -1 if none.
   */
  private static double similarity(
      SolrClient client, String core, String id, String field, float[] vector) throws Exception {
    ModifiableSolrParams params = new ModifiableSolrParams();
    String function =
        "vectorSimilarity(FLOAT32,DOT_PRODUCT,%s,%s)"
            .formatted(field, Arrays.toString(vector).replace(" ", ""));
    params.set("q", "{!func}" + function).set("fl", "score").set("distrib", false);
    params
        .add("fq", "{!term f=id}" + id)
        .add("fq", "{!frange l=1 u=1}if(exists(" + field + "),1,0)");
    var found = client.query(core, params, SolrRequest.METHOD.POST).getResults();
    return found.isEmpty() ? -1 : ((Number) found.get(0).getFieldValue("score")).doubleValue();
  }

  void close() throws Exception {
    cluster.shutdown();
  }
}
