/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.cloud.MiniSolrCloudCluster;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettySolrRunner;
import org.apache.solr.util.TimeOut;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another model for a collection whose documents are found by their passages. */
class ReembedPassagesTest {

  private static final String VECTOR = "<str name=\"vector\">vector</str>";
  private static final String BOTH =
      "<lst name=\"mapping\"><str name=\"vector\">vector</str></lst>"
          + "<lst name=\"mapping\"><str name=\"vector\">vector2</str>"
          + "<str name=\"model\">small</str></lst>";

  /** What the first request adds to a schema. */
  private static final String FIELDS =
      """
        <field name="vector2" type="vector_32" indexed="true" stored="false"/>
        <field name="vector2_copy" type="binary" indexed="false" stored="true"/>
        <field name="vector2_model" type="string"/>
        <fieldType name="vector_32" class="solr.DenseVectorField" vectorDimension="32"
                   similarityFunction="dot_product"/>
      </schema>
      """;

  private static final int DOCUMENTS = 15;

  @TempDir private Path folder;
  private MiniSolrCloudCluster cluster;
  private final FakeBatchModel large = new FakeBatchModel(64);
  private final FakeBatchModel small = new FakeBatchModel(32);

  @BeforeEach
  void start() throws Exception {
    cluster = new MiniSolrCloudCluster.Builder(2, folder.resolve("nodes")).build();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      SolrNode.install(node, model -> (model.name().equals("small") ? small : large).service());
    }
  }

  @AfterEach
  void stop() throws Exception {
    cluster.shutdown();
  }

  private void upload(String name, Map<String, String> changes) throws Exception {
    Map<String, String> all = new TreeMap<>(changes);
    all.put("ClassicIndexSchemaFactory", "ManagedIndexSchemaFactory");
    Path conf = Files.createTempDirectory(folder, name);
    SolrNode.copy(SolrNode.example("passages"), conf, all);
    cluster.uploadConfigSet(conf, name);
  }

  private void create(String name, int replicas) throws Exception {
    CollectionAdminRequest.createCollection(name, name, 2, replicas)
        .withProperty("llm2vec.dims", "64")
        .withProperty("llm2vec.passageTokens", "9")
        .withProperty("llm2vec.passageOverlap", "2")
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(name, 2, 2 * replicas);
  }

  private void index(String name) throws Exception {
    List<SolrInputDocument> documents = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      SolrInputDocument document = new SolrInputDocument("id", "d" + i, "title", "t" + i);
      document.setField("text", "a text of many words ".repeat(1 + 2 * (i % 4)) + i);
      documents.add(document);
    }
    documents.add(new SolrInputDocument("id", "empty", "kind_s", "without a text"));
    try (SolrClient client = cluster.getJettySolrRunner(0).newClient()) {
      client.add(name, documents);
      client.commit(name);
    }
  }

  private NamedList<Object> ask(int node, String collection, String action, String... more)
      throws Exception {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("action", action).set("field", "vector").set("to", "vector2");
    for (int i = 0; i < more.length; i += 2) {
      params.set(more[i], more[i + 1]);
    }
    try (SolrClient client = cluster.getJettySolrRunner(node).newClient()) {
      return client.request(
          new GenericSolrRequest(SolrRequest.METHOD.POST, "/llm2vec", params)
              .setRequiresCollection(true),
          collection);
    }
  }

  private void awaitDone(String collection) throws Exception {
    new TimeOut(2, TimeUnit.MINUTES, TimeSource.NANO_TIME)
        .waitFor("the job ends", () -> !status(collection).get("state").equals("RUNNING"));
    assertEquals("DONE", status(collection).get("state"), status(collection).toString());
  }

  private NamedList<?> status(String collection) {
    try {
      return (NamedList<?>) ask(1, collection, "reembed_status").get("reembed");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The vectors of each core of a collection, by the ids of passages. */
  private List<Map<String, float[]>> vectors(String collection, String field) throws Exception {
    List<Map<String, float[]>> vectors = new ArrayList<>();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      for (String name : node.getCoreContainer().getLoadedCoreNames()) {
        try (SolrCore core = node.getCoreContainer().getCore(name)) {
          if (core.getCoreDescriptor().getCollectionName().equals(collection)) {
            vectors.add(UpdatingCore.vectors(core, field));
          }
        }
      }
    }
    return vectors;
  }

  private Map<String, float[]> expected(String field) throws Exception {
    Map<String, float[]> all = new TreeMap<>();
    vectors("both", field).forEach(all::putAll);
    return all;
  }

  /** Every passage is there in each replica of its shard, and nothing else. */
  private void assertVectors(String field, Map<String, float[]> expected) throws Exception {
    cluster.getSolrClient().commit("papers");
    int copies = 0;
    for (Map<String, float[]> core : vectors("papers", field)) {
      for (Map.Entry<String, float[]> vector : core.entrySet()) {
        assertArrayEquals(expected.get(vector.getKey()), vector.getValue(), vector.getKey());
        copies++;
      }
    }
    assertEquals(2 * expected.size(), copies, field);
  }

  /** The scores of the nearest documents; some are equal, whose order is not fixed. */
  private List<Object> nearest(String text) throws Exception {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("q", "{!llm2vec f=vector which='*:* -_nest_path_:*' topK=5 v=$text}");
    params.set("text", text).set("fl", "id,score").set("rows", 5);
    return cluster.getSolrClient().query("papers", params).getResults().stream()
        .map(document -> document.getFieldValue("score"))
        .toList();
  }

  @Test
  void passagesGetTheVectorsThatIndexingWithBothModelsGives() throws Exception {
    upload("papers", Map.of());
    create("papers", 2);
    index("papers");
    SolrException missing =
        assertThrows(
            SolrException.class,
            () -> ask(0, "papers", "reembed", "model", "small", "dimensions", "32"));
    assertEquals(400, missing.code());
    assertTrue(missing.getMessage().contains("does not fill 'vector2'"), missing.getMessage());
    upload("papers", Map.of(VECTOR, BOTH));
    CollectionAdminRequest.reloadCollection("papers").process(cluster.getSolrClient());

    upload("both", Map.of(VECTOR, BOTH, "</schema>", FIELDS));
    create("both", 1);
    index("both");

    assertEquals(
        (long) DOCUMENTS,
        ((NamedList<?>) ask(0, "papers", "reembed_check").get("missing")).get("vector2"));
    ask(0, "papers", "reembed", "batch", "4");
    awaitDone("papers");
    assertEquals(true, ask(1, "papers", "reembed_check").get("complete"));
    Map<String, float[]> old = expected("vector");
    Map<String, float[]> fresh = expected("vector2");
    assertTrue(fresh.size() > 2 * DOCUMENTS, fresh.size() + " passages");
    assertVectors("vector", old);
    assertVectors("vector2", fresh);

    String text = "t7\na text of many words";
    List<Object> before = nearest(text);
    ask(0, "papers", "reembed_switch", "minOverlap", "0");
    assertEquals(5, nearest(text).size());
    ask(0, "papers", "reembed_rollback");
    assertEquals(before, nearest(text));
    ask(1, "papers", "reembed_switch", "minOverlap", "0");
    ask(0, "papers", "reembed_drop");
    awaitDone("papers");
    assertVectors("vector", Map.of());
    assertVectors("vector2", fresh);
    assertEquals(5, nearest(text).size());
  }

  @Test
  void passagesAndWholeDocumentsDoNotStandInForEachOther() throws Exception {
    String whole =
        BOTH.replace("</str></lst>", "</str><str name=\"longText\">truncate</str></lst>");
    upload(
        "mixed",
        Map.of(
            VECTOR,
            whole.replaceFirst("vector</str><str name=\"longText\">truncate</str>", "vector</str>"),
            "</schema>",
            FIELDS));
    create("mixed", 1);
    SolrException refused = assertThrows(SolrException.class, () -> ask(0, "mixed", "reembed"));
    assertEquals(400, refused.code());
    assertTrue(
        refused
            .getMessage()
            .contains(
                "field 'vector' has the vectors of passages and field 'vector2' those of whole"
                    + " documents"),
        refused.getMessage());
  }
}
