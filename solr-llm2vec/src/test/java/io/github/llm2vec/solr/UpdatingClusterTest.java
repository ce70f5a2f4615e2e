/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.After;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Two nodes, two shards, two replicas of each, all updates through one node: every text is encoded
 * once in the whole cluster, and no replica lacks a vector.
 */
@SuppressSSL(bugUrl = "the test is about encoding")
public class UpdatingClusterTest extends SolrCloudTestCase {

  private static final int DIMENSIONS = 16;
  private static final String COLLECTION = "updates";

  private static FakeBatchModel encoder;

  @BeforeClass
  public static void startCluster() throws Exception {
    encoder = new FakeBatchModel(DIMENSIONS);
    configureCluster(2).addConfig("updating", UpdatingCore.CONFIGSET).configure();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      SolrNode.install(node, model -> encoder.service());
    }
  }

  @Before
  public void createCollection() throws Exception {
    if (cluster.getJettySolrRunners().size() < 2) {
      SolrNode.install(cluster.startJettySolrRunner(), model -> encoder.service());
      cluster.waitForAllNodes(30);
    }
    CollectionAdminRequest.createCollection(COLLECTION, "updating", 2, 2)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(COLLECTION, 2, 4);
    encoder.forget();
  }

  @After
  public void deleteCollection() throws Exception {
    CollectionAdminRequest.deleteCollection(COLLECTION).process(cluster.getSolrClient());
  }

  @Test
  public void updatesAreEncodedOnceAndReplicasAreEqual() throws Exception {
    JettySolrRunner node = cluster.getJettySolrRunner(0);
    List<SolrInputDocument> documents = new ArrayList<>();
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < 40; i++) {
      documents.add(
          new SolrInputDocument("id", "d" + i, "title", "title " + i, "text", "text " + i));
      texts.put("d" + i, "title " + i + " text " + i);
    }
    send(node, documents, false);
    assertEquals(sorted(texts.values()), sorted(encoder.texts()));

    // Both shards, from a node that leads neither, one or both of them; not committed before.
    encoder.forget();
    List<SolrInputDocument> changes = new ArrayList<>();
    for (int i = 0; i < 40; i += 2) {
      changes.add(change("d" + i, "title", "new " + i));
      texts.put("d" + i, "new " + i + " text " + i);
    }
    for (int i = 1; i < 40; i += 2) {
      changes.add(change("d" + i, "year", i));
    }
    send(node, changes, true);
    assertEquals(
        sorted(texts.values().stream().filter(text -> text.startsWith("new")).toList()),
        sorted(encoder.texts()));
    assertEveryReplicaHas(texts);

    // What is unchanged is found on any node, committed or not.
    encoder.forget();
    send(node, documents.subList(1, 2), false);
    send(cluster.getJettySolrRunner(1), documents.subList(0, 4), true);
    assertEquals(List.of("title 0 text 0", "title 2 text 2"), sorted(encoder.texts()));
  }

  @Test
  public void passagesAreReplacedThroughAnyNode() throws Exception {
    Path configset = createTempDir();
    SolrNode.copy(
        UpdatingCore.CONFIGSET,
        configset,
        Map.of(
            "<!-- more -->",
            "<int name=\"maxTokens\">3</int><str name=\"longText\">passages</str>",
            "{title} {text} {number}",
            "{title}: {text}"));
    cluster.uploadConfigSet(configset, "passages");
    deleteCollection();
    CollectionAdminRequest.createCollection(COLLECTION, "passages", 2, 2)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(COLLECTION, 2, 4);
    List<SolrInputDocument> documents = new ArrayList<>();
    List<SolrInputDocument> changes = new ArrayList<>();
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < 6; i++) {
      documents.add(
          new SolrInputDocument("id", "d" + i, "title", "t" + i, "text", "a b c d e f g"));
      changes.add(change("d" + i, "text", "a b c x"));
      texts.put("d" + i + "/vector_passages#0", "t" + i + ": a b c");
      texts.put("d" + i + "/vector_passages#1", "t" + i + ": x");
    }
    send(cluster.getJettySolrRunner(0), documents, true);
    encoder.forget();
    send(cluster.getJettySolrRunner(1), changes, true);
    assertEveryReplicaHas(texts);
    assertEquals(12, vectors(cluster.getJettySolrRunner(0)).size());
    assertEquals(
        "what has not changed is not encoded",
        texts.values().stream().filter(text -> text.endsWith("x")).sorted().toList(),
        sorted(encoder.texts()));
  }

  /** Where documents are is not told by their ids alone. */
  @Test
  public void unchangedDocumentsOfRoutedCollectionsAreNotEncodedAgain() throws Exception {
    Map<String, CollectionAdminRequest.Create> routed = new TreeMap<>();
    routed.put(
        "by field",
        CollectionAdminRequest.createCollection(COLLECTION, "updating", 2, 2)
            .setRouterField("title"));
    routed.put(
        "by shard",
        CollectionAdminRequest.createCollectionWithImplicitRouter(COLLECTION, "updating", "a,b", 2)
            .setRouterField("title"));
    routed.put(
        "by parameter",
        CollectionAdminRequest.createCollectionWithImplicitRouter(
            COLLECTION, "updating", "a,b", 2));
    routed.put("by key", CollectionAdminRequest.createCollection(COLLECTION, "updating", 2, 2));
    for (Map.Entry<String, CollectionAdminRequest.Create> router : routed.entrySet()) {
      deleteCollection();
      router.getValue().process(cluster.getSolrClient());
      cluster.waitForActiveCollection(COLLECTION, 2, 4);
      for (JettySolrRunner node : cluster.getJettySolrRunners()) {
        boolean first = node == cluster.getJettySolrRunner(0);
        for (int round = 0; round < 3; round++) {
          List<SolrInputDocument> documents = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            String id = router.getKey().equals("by key") ? "k" + i % 3 + "!d" + i : "d" + i;
            SolrInputDocument document =
                new SolrInputDocument("id", id, "title", i % 2 == 0 ? "a" : "b", "text", "t" + i);
            documents.add(round < 2 ? document : routed(document));
          }
          encoder.forget();
          if (router.getKey().equals("by parameter")) {
            send(node, documents.subList(0, 10), "a");
            send(node, documents.subList(10, 20), "b");
          } else {
            send(node, documents, round == 1);
          }
          assertEquals(
              router.getKey() + " " + round, first && round == 0 ? 20 : 0, encoder.texts().size());
        }
      }
      send(cluster.getJettySolrRunner(0), List.of(), true);
      Map<String, float[]> there = vectors(cluster.getJettySolrRunner(1));
      assertEquals(20, there.size());
    }
  }

  /** An atomic update that changes nothing of the text and says where the document is. */
  private static SolrInputDocument routed(SolrInputDocument whole) {
    SolrInputDocument change = new SolrInputDocument("id", (String) whole.getFieldValue("id"));
    change.setField("title", whole.getFieldValue("title"));
    change.setField("text", Map.of("set", whole.getFieldValue("text")));
    return change;
  }

  private static void send(JettySolrRunner node, List<SolrInputDocument> documents, String route)
      throws SolrServerException, IOException {
    try (SolrClient client = node.newClient()) {
      UpdateRequest request = new UpdateRequest();
      documents.forEach(request::add);
      request.setParam("_route_", route);
      request.process(client, COLLECTION);
    }
  }

  @Test
  public void killedNodeLosesNoAcknowledgedDocument() throws Exception {
    JettySolrRunner node = cluster.getJettySolrRunner(0);
    JettySolrRunner victim = cluster.getJettySolrRunner(1);
    Map<String, String> acknowledged = new TreeMap<>();
    for (int batch = 0; batch < 6; batch++) {
      List<SolrInputDocument> documents = new ArrayList<>();
      Map<String, String> texts = new TreeMap<>();
      for (int i = 0; i < 10; i++) {
        String id = batch + "-" + i;
        documents.add(new SolrInputDocument("id", id, "text", "text " + id));
        texts.put(id, "text " + id);
      }
      if (batch == 3) {
        encoder.duringNextCall(() -> stop(victim));
      }
      try {
        send(node, documents, false);
        acknowledged.putAll(texts);
      } catch (SolrException | SolrServerException | IOException e) {
        // The batch during which the node went down may fail: then nothing was promised.
        assertEquals("only that one may fail: " + e, 3, batch);
      }
      if (batch == 3) {
        waitForState(
            "new leaders",
            COLLECTION,
            (live, state) ->
                state.getSlices().stream()
                    .allMatch(
                        slice ->
                            slice.getLeader() != null
                                && live.contains(slice.getLeader().getNodeName())
                                && slice.getLeader().getState() == Replica.State.ACTIVE));
      }
    }
    assertTrue(acknowledged.size() + " acknowledged", acknowledged.size() >= 50);
    send(node, List.of(), true);
    Map<String, float[]> there = vectors(node);
    acknowledged.forEach(
        (id, text) -> assertArrayEquals(id, encoder.vector(" " + text), there.get(id), 0f));
  }

  private static SolrInputDocument change(String id, String field, Object value) {
    SolrInputDocument change = new SolrInputDocument("id", id);
    change.setField(field, Map.of("set", value));
    return change;
  }

  private static void stop(JettySolrRunner node) {
    try {
      cluster.stopJettySolrRunner(node);
    } catch (Exception e) {
      throw new IllegalStateException("the test's node does not stop", e);
    }
  }

  private static void send(JettySolrRunner node, List<SolrInputDocument> documents, boolean commit)
      throws SolrServerException, IOException {
    try (SolrClient client = node.newClient()) {
      UpdateRequest request = new UpdateRequest();
      documents.forEach(request::add);
      if (commit) {
        request.commit(client, COLLECTION);
      } else {
        request.process(client, COLLECTION);
      }
    }
  }

  private static List<String> sorted(Iterable<String> texts) {
    List<String> list = new ArrayList<>();
    texts.forEach(list::add);
    list.sort(null);
    return list;
  }

  /** Both copies of every document have the vector of its text, to the last bit. */
  private static void assertEveryReplicaHas(Map<String, String> texts) throws IOException {
    List<Map<String, float[]>> nodes = new ArrayList<>();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      nodes.add(vectors(node));
    }
    assertEquals(2, nodes.size());
    for (Map<String, float[]> vectors : nodes) {
      assertTrue(vectors.keySet().containsAll(texts.keySet()));
      texts.forEach(
          (id, text) -> assertArrayEquals(id, encoder.vector(" " + text), vectors.get(id), 0f));
    }
    Set<String> ids = new TreeSet<>(nodes.get(0).keySet());
    assertEquals(ids, new TreeSet<>(nodes.get(1).keySet()));
    for (String id : ids) {
      assertTrue(id, Arrays.equals(nodes.get(0).get(id), nodes.get(1).get(id)));
    }
  }

  /** The vectors in all cores of a node; each shard has one there. */
  private static Map<String, float[]> vectors(JettySolrRunner node) throws IOException {
    Map<String, float[]> vectors = new TreeMap<>();
    for (String name : node.getCoreContainer().getLoadedCoreNames()) {
      try (SolrCore core = node.getCoreContainer().getCore(name)) {
        vectors.putAll(UpdatingCore.vectors(core, "vector"));
      }
    }
    return vectors;
  }
}
