/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.cloud.DocCollection;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.util.TimeOut;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The change of model by the request handler of any node, over HTTP. */
class ReembedHandlerTest {

  @TempDir private static Path folder;
  private static ReembedCluster solr;

  @BeforeAll
  static void start() throws Exception {
    solr = new ReembedCluster(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    solr.close();
  }

  @AfterEach
  void forget() {
    solr.news.forEach(model -> model.during(texts -> {}));
  }

  /** A collection whose documents have the vectors of one of two models. */
  private static Map<String, String> collection(ReembedCluster solr, String name, int documents)
      throws Exception {
    Map<String, String> texts = solr.filled(name, Replica.Type.NRT, documents);
    SolrException missing =
        assertThrows(
            SolrException.class,
            () -> ask(solr, 0, name, "reembed", "model", "new", "dimensions", "8"));
    assertEquals(400, missing.code());
    assertTrue(
        missing.getMessage().contains("<str name=\"model\">new</str>"), missing.getMessage());
    solr.map(name, Map.of());
    return texts;
  }

  private static NamedList<Object> ask(
      ReembedCluster solr, int node, String collection, String action, String... more)
      throws Exception {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("action", action).set("field", "vector").set("to", "vector2");
    for (int i = 0; i < more.length; i += 2) {
      params.set(more[i], more[i + 1]);
    }
    try (SolrClient client = solr.cluster.getJettySolrRunner(node).newClient()) {
      return client.request(
          new GenericSolrRequest(SolrRequest.METHOD.POST, "/llm2vec", params)
              .setRequiresCollection(true),
          collection);
    }
  }

  private static NamedList<?> status(ReembedCluster solr, int node, String collection) {
    try {
      return (NamedList<?>) ask(solr, node, collection, "reembed_status").get("reembed");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static NamedList<?> await(ReembedCluster solr, int node, String collection, String state)
      throws Exception {
    new TimeOut(2, TimeUnit.MINUTES, TimeSource.NANO_TIME)
        .waitFor(
            "the job is " + state, () -> state.equals(status(solr, node, collection).get("state")));
    return status(solr, node, collection);
  }

  @Test
  void leadersOfTheShardsEncodeTheirDocuments() throws Exception {
    Map<String, String> texts = collection(solr, "shards", 40);
    assertEquals("NONE", status(solr, 1, "shards").get("state"));
    List<Set<String>> encoded = new ArrayList<>();
    for (HashedModel model : solr.news) {
      Set<String> mine = ConcurrentHashMap.newKeySet();
      encoded.add(mine);
      model.during(mine::addAll);
    }
    ask(solr, 0, "shards", "reembed", "batch", "7");
    NamedList<?> end = await(solr, 1, "shards", "DONE");
    assertEquals("ENCODE", end.get("work"));
    assertEquals(solr.cluster.getJettySolrRunner(0).getNodeName(), end.get("node"));
    NamedList<?> own = status(solr, 0, "shards");
    assertEquals(40L, own.get("documents"));
    assertEquals(List.of(), own.get("refused"));
    solr.assertVectors("shards", texts);
    assertEquals(true, ask(solr, 1, "shards", "reembed_check").get("complete"));
    DocCollection state = solr.cluster.getZkStateReader().getClusterState().getCollection("shards");
    for (int node = 0; node < 2; node++) {
      String name = solr.cluster.getJettySolrRunner(node).getNodeName();
      Set<String> expected = new HashSet<>();
      for (Slice shard : state.getSlices()) {
        if (shard.getLeader().getNodeName().equals(name)) {
          expected.addAll(textsOf(shard.getName()));
        }
      }
      assertEquals(expected, encoded.get(node), name);
    }
  }

  private static Set<String> textsOf(String shard) throws Exception {
    ModifiableSolrParams all = new ModifiableSolrParams();
    all.set("q", "*:*").set("rows", 100).set("shards", shard).set("fl", "title,text");
    Set<String> texts = new HashSet<>();
    for (SolrDocument document : solr.cluster.getSolrClient().query("shards", all).getResults()) {
      texts.add(document.getFieldValue("title") + " " + document.getFieldValue("text"));
    }
    return texts;
  }

  @Test
  void anyNodeTellsOfTheJobAndStopsItAndGoesOn() throws Exception {
    Map<String, String> texts = collection(solr, "stopped", 60);
    CountDownLatch goOn = heldAtFirstBatch("stopped");
    try {
      assertEquals("RUNNING", status(solr, 1, "stopped").get("state"));
      SolrException second =
          assertThrows(SolrException.class, () -> ask(solr, 1, "stopped", "reembed"));
      assertEquals(409, second.code());
      ask(solr, 1, "stopped", "reembed_stop");
    } finally {
      goOn.countDown();
    }
    await(solr, 1, "stopped", "STOPPED");
    SolrException early =
        assertThrows(SolrException.class, () -> ask(solr, 0, "stopped", "reembed_switch"));
    assertEquals(409, early.code());
    assertTrue(early.getMessage().contains("have a text and no vector"), early.getMessage());
    assertEquals(
        409,
        assertThrows(SolrException.class, () -> ask(solr, 0, "stopped", "reembed_stop")).code());
    ask(solr, 1, "stopped", "reembed");
    await(solr, 0, "stopped", "DONE");
    solr.assertVectors("stopped", texts);
  }

  @Test
  void shardThatIsSplitMeanwhileIsGoneOnWithAsItsParts() throws Exception {
    Map<String, String> texts = collection(solr, "split", 80);
    CountDownLatch goOn = heldAtFirstBatch("split");
    try {
      CollectionAdminRequest.splitShard("split")
          .setShardName("shard1")
          .process(solr.cluster.getSolrClient());
      solr.cluster
          .getZkStateReader()
          .waitForState("split", 2, TimeUnit.MINUTES, state -> state.getActiveSlices().size() == 3);
    } finally {
      goOn.countDown();
    }
    NamedList<?> end = await(solr, 1, "split", "DONE");
    assertEquals(null, end.get("message"));
    assertEquals(true, ask(solr, 1, "split", "reembed_check").get("complete"));
    ModifiableSolrParams filled = new ModifiableSolrParams();
    filled.set("q", "{!frange l=1 u=1}if(exists(vector2),1,0)").set("rows", 0);
    assertEquals(
        texts.size(),
        solr.cluster.getSolrClient().query("split", filled).getResults().getNumFound());
  }

  /** Starts a job and waits until a model has its first texts, which it keeps for now. */
  private static CountDownLatch heldAtFirstBatch(String collection) throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    solr.news.forEach(
        model ->
            model.during(
                batch -> {
                  begun.countDown();
                  try {
                    goOn.await();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                }));
    ask(solr, 0, collection, "reembed", "batch", "5");
    begun.await();
    return goOn;
  }

  @Test
  void switchIsRefusedOrMadeAndUndoneAndTheOldVectorsGo() throws Exception {
    collection(solr, "switched", 30);
    ask(solr, 0, "switched", "reembed");
    await(solr, 1, "switched", "DONE");
    SolrException different =
        assertThrows(
            SolrException.class,
            () -> ask(solr, 0, "switched", "reembed_switch", "minOverlap", "1"));
    assertEquals(409, different.code());
    assertEquals(0, serving("switched").size());
    NamedList<Object> done = ask(solr, 0, "switched", "reembed_switch", "minOverlap", "0");
    assertEquals(30, done.get("queries"));
    assertTrue(String.valueOf(serving("switched").get("vector")).contains("\"field\":\"vector2\""));
    ask(solr, 1, "switched", "reembed_rollback");
    assertEquals(0, serving("switched").size());
    ask(solr, 0, "switched", "reembed_switch", "minOverlap", "0");
    ask(solr, 1, "switched", "reembed_drop");
    assertEquals("DROP", await(solr, 0, "switched", "DONE").get("work"));
    ModifiableSolrParams old = new ModifiableSolrParams();
    old.set("q", "{!frange l=1 u=1}if(exists(vector),1,0)").set("rows", 0);
    assertEquals(0, solr.cluster.getSolrClient().query("switched", old).getResults().getNumFound());
  }

  private static NamedList<?> serving(String collection) throws Exception {
    return (NamedList<?>) ask(solr, 1, collection, "mappings").get("serving");
  }

  @Test
  void jobWhoseNodeIsGoneIsGoneOnWithByAnother(@TempDir Path other) throws Exception {
    ReembedCluster mortal = new ReembedCluster(other);
    try {
      collection(mortal, "mortal", 40);
      // Slow enough that it is not done before its node stops.
      ask(mortal, 0, "mortal", "reembed", "batch", "1", "rate", "0.5");
      assertEquals("RUNNING", status(mortal, 1, "mortal").get("state"));
      mortal.cluster.stopJettySolrRunner(mortal.cluster.getJettySolrRunner(0));
      await(mortal, 0, "mortal", "INTERRUPTED");
      ask(mortal, 0, "mortal", "reembed");
      await(mortal, 0, "mortal", "DONE");
      assertEquals(true, ask(mortal, 0, "mortal", "reembed_check").get("complete"));
      ModifiableSolrParams filled = new ModifiableSolrParams();
      filled.set("q", "{!frange l=1 u=1}if(exists(vector2),1,0)").set("rows", 0);
      assertEquals(
          40, mortal.cluster.getSolrClient().query("mortal", filled).getResults().getNumFound());
    } finally {
      mortal.close();
    }
  }
}
