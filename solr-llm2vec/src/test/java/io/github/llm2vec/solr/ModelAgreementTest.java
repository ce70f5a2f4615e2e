/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.schema.FieldIdentity;
import io.github.llm2vec.solr.schema.IndexIdentities;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrQuery;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.client.solrj.response.RequestStatusState;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.After;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Two nodes whose models files differ: a collection has the vectors of one model, whichever node
 * updates and queries go to, from its first document on.
 */
@SuppressSSL(bugUrl = "the test is about models")
public class ModelAgreementTest extends SolrCloudTestCase {

  private static final int DIMENSIONS = 16;
  private static final String COLLECTION = "agreement";
  private static final List<String> FINGERPRINTS = List.of("0a", "0b");

  @BeforeClass
  public static void startCluster() throws Exception {
    SolrNode.allowBackupsAnywhere();
    configureCluster(2)
        .addConfig("basic", SolrNode.BASIC)
        .addConfig("updating", UpdatingCore.CONFIGSET)
        .configure();
    for (int i = 0; i < 2; i++) {
      installModels(i);
    }
  }

  private static void installModels(int node) {
    FakeBatchModel encoder =
        new FakeBatchModel(
            DIMENSIONS, FINGERPRINTS.get(node), new FakeBatchModel(DIMENSIONS)::vector);
    SolrNode.install(cluster.getJettySolrRunner(node), model -> encoder.service());
  }

  @Before
  public void createCollection() throws Exception {
    create(COLLECTION, "updating", 2, 0, 0);
  }

  private static void create(String name, String configset, int nrt, int tlog, int pull)
      throws Exception {
    CollectionAdminRequest.createCollection(name, configset, 2, nrt, tlog, pull)
        .setProperties(Map.of("llm2vec.dims", "" + DIMENSIONS))
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(name, 2, 2 * (nrt + tlog + pull));
  }

  @After
  public void deleteCollections() throws Exception {
    cluster.deleteAllCollections();
  }

  @Test
  public void nodesThatStartTogetherDoNotMixTheirModels() throws Exception {
    long seed = Long.getLong("llm2vec.seed", random().nextLong());
    int rounds = Boolean.getBoolean("llm2vec.long") ? 50 : 8;
    Random random = new Random(seed);
    ExecutorService threads = Executors.newFixedThreadPool(4, run -> new Thread(run, "client"));
    try {
      Set<String> winners = new TreeSet<>();
      for (int round = 0; round < rounds; round++) {
        String at = "seed " + seed + ", round " + round;
        winners.add(race(threads, random, at));
        if (random.nextInt(4) == 0) {
          // As empty as on the first day.
          CollectionAdminRequest.deleteCollection(COLLECTION).process(cluster.getSolrClient());
          createCollection();
        } else {
          UpdateRequest empty = new UpdateRequest().deleteByQuery("*:*");
          if (random.nextBoolean()) {
            empty.commit(cluster.getSolrClient(), COLLECTION);
          } else {
            empty.process(cluster.getSolrClient(), COLLECTION);
          }
        }
      }
      assertFalse(winners.isEmpty());
    } finally {
      threads.shutdown();
      assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES));
    }
  }

  /** Two clients at each node; returns the fingerprint that won. */
  private static String race(ExecutorService threads, Random random, String at) throws Exception {
    CyclicBarrier start = new CyclicBarrier(4);
    List<Set<String>> accepted =
        List.of(new ConcurrentSkipListSet<>(), new ConcurrentSkipListSet<>());
    List<Future<Void>> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int client = i;
      long seed = random.nextLong();
      Callable<Void> run =
          () -> {
            Random own = new Random(seed);
            start.await();
            try (SolrClient node = cluster.getJettySolrRunner(client % 2).newClient()) {
              for (int request = 0; request < 5; request++) {
                List<String> ids = new ArrayList<>();
                UpdateRequest update = new UpdateRequest();
                for (int j = own.nextInt(4); j >= 0; j--) {
                  String id = client + "-" + request + "-" + j;
                  ids.add(id);
                  update.add("id", id, "title", "title", "text", "text of " + id);
                }
                try {
                  update.process(node, COLLECTION);
                  accepted.get(client % 2).addAll(ids);
                } catch (SolrException e) {
                  assertEquals(at + ": " + e.getMessage(), 409, e.code());
                }
              }
            }
            return null;
          };
      clients.add(threads.submit(run));
    }
    for (Future<Void> client : clients) {
      client.get();
    }
    cluster.getSolrClient().commit(COLLECTION);
    Map<String, String> models = modelsOfDocuments();
    Set<String> found = new TreeSet<>(models.values());
    assertEquals(at + ": " + models, 1, found.size());
    String winner = found.iterator().next();
    int won = FINGERPRINTS.indexOf(winner);
    assertEquals(at, accepted.get(won), new TreeSet<>(models.keySet()));
    assertEquals(at, Set.of(), accepted.get(1 - won));
    return winner;
  }

  /** The fingerprint of every document that can be found, by id. */
  private static Map<String, String> modelsOfDocuments() throws Exception {
    SolrQuery all = new SolrQuery("q", "*:*", "rows", "10000", "fl", "id,vector_model");
    Map<String, String> models = new HashMap<>();
    cluster
        .getSolrClient()
        .query(COLLECTION, all)
        .getResults()
        .forEach(
            found ->
                models.put(
                    (String) found.getFieldValue("id"),
                    FieldIdentity.ofTerm((String) found.getFieldValue("vector_model"))
                        .orElseThrow()
                        .fingerprint()));
    return models;
  }

  @Test
  public void updatesThroughANodeWithAnotherModelAreRefused() throws Exception {
    update(0, COLLECTION, new SolrInputDocument("id", "1", "title", "a", "text", "b"));
    // For either shard, committed or not.
    for (int i = 0; i < 8; i++) {
      SolrInputDocument document = new SolrInputDocument("id", "x" + i, "text", "words " + i);
      String message = refused(1, COLLECTION, document);
      for (String named :
          List.of(
              "fingerprint 0a",
              "fingerprint 0b",
              "encoded on node " + nodeName(0),
              "encoded on node " + nodeName(1),
              "llm2vec-models.json",
              "allowModelChange=true")) {
        assertTrue(message, message.contains(named));
      }
    }
    SolrInputDocument change = new SolrInputDocument("id", "1");
    change.setField("text", Map.of("set", "other words"));
    refused(1, COLLECTION, change);
    // No text changes, so no model is asked.
    SolrInputDocument year = new SolrInputDocument("id", "1");
    year.setField("year", Map.of("set", 1999));
    update(1, COLLECTION, year);
    // What the client says of its own vectors counts as well.
    SolrInputDocument own = new SolrInputDocument("id", "own");
    own.setField("vector", new ArrayList<>(Collections.nCopies(DIMENSIONS, 0.25f)));
    own.setField("vector_model", new FieldIdentity("m", "0c", "", DIMENSIONS, "", "", "").toTerm());
    refused(0, COLLECTION, own);
    assertEquals(Map.of("1", "0a"), commitAndRead());
  }

  private static Map<String, String> commitAndRead() throws Exception {
    cluster.getSolrClient().commit(COLLECTION);
    return modelsOfDocuments();
  }

  @Test
  public void aChangeOfTheModelIsForWhoAllowsIt() throws Exception {
    update(0, COLLECTION, new SolrInputDocument("id", "1", "text", "b"));
    update(0, COLLECTION, new SolrInputDocument("id", "2", "text", "c"));
    UpdateRequest allowed = new UpdateRequest();
    allowed.setParam(IndexIdentities.ALLOW_PARAMETER, "true");
    for (String id : List.of("1", "2", "3", "4", "5")) {
      allowed.add("id", id, "text", "new " + id);
    }
    try (SolrClient node = cluster.getJettySolrRunner(1).newClient()) {
      allowed.process(node, COLLECTION);
    }
    refused(0, COLLECTION, new SolrInputDocument("id", "6", "text", "d"));
    update(1, COLLECTION, new SolrInputDocument("id", "6", "text", "d"));
    assertEquals(Set.of("0b"), new TreeSet<>(commitAndRead().values()));
  }

  @Test
  public void queriesOfAnotherModelAreRefusedWhereverTheyLand() throws Exception {
    String collection = "queried";
    create(collection, "basic", 2, 0, 0);
    for (boolean committed : List.of(false, true)) {
      if (committed) {
        cluster.getSolrClient().commit(collection);
      } else {
        for (int i = 0; i < 8; i++) {
          update(0, collection, new SolrInputDocument("id", "" + i, "title", "t", "text", "w" + i));
        }
      }
      SolrQuery query =
          new SolrQuery("q", "{!llm2vec f=vector topK=3 v=$qq}", "qq", "w3", "rows", "3");
      try (SolrClient right = cluster.getJettySolrRunner(0).newClient();
          SolrClient wrong = cluster.getJettySolrRunner(1).newClient()) {
        assertEquals(committed ? 3 : 0, right.query(collection, query).getResults().size());
        SolrException refused =
            assertThrows(SolrException.class, () -> wrong.query(collection, query));
        assertEquals(refused.getMessage(), 409, refused.code());
        for (String named :
            List.of(
                "fingerprint 0a",
                "fingerprint 0b",
                "encoded on node " + nodeName(0),
                "encoded on node " + nodeName(1),
                "both nodes")) {
          assertTrue(refused.getMessage(), refused.getMessage().contains(named));
        }
      }
    }
  }

  /** The vectors of the index alone have to tell, where the collection does not say it. */
  @Test
  public void replicasOfEveryTypeSplitShardsAndBackupsKnowTheirModel() throws Exception {
    String collection = "kinds";
    create(collection, "updating", 0, 1, 1);
    for (int i = 0; i < 8; i++) {
      update(0, collection, new SolrInputDocument("id", "" + i, "text", "w" + i));
    }
    cluster.getSolrClient().commit(collection);
    refused(1, collection, new SolrInputDocument("id", "x", "text", "d"));

    Path backups = createTempDir();
    CollectionAdminRequest.backupCollection(collection, "b")
        .setLocation(backups.toString())
        .process(cluster.getSolrClient());
    CollectionAdminRequest.restoreCollection("restored", "b")
        .setLocation(backups.toString())
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection("restored", 2, 4);
    CollectionAdminRequest.setCollectionProperty("restored", "llm2vec.model.vector", null)
        .process(cluster.getSolrClient());
    refused(1, "restored", new SolrInputDocument("id", "x", "text", "d"));
    update(0, "restored", new SolrInputDocument("id", "y", "text", "d"));

    UpdateRequest more = new UpdateRequest();
    for (int i = 0; i < 8; i++) {
      more.add("id", "" + i, "text", "w" + i);
    }
    try (SolrClient client = cluster.getJettySolrRunner(0).newClient()) {
      more.process(client, COLLECTION);
    }
    assertEquals(
        RequestStatusState.COMPLETED,
        CollectionAdminRequest.splitShard(COLLECTION)
            .setShardName("shard1")
            .processAndWait(cluster.getSolrClient(), 60));
    CollectionAdminRequest.setCollectionProperty(COLLECTION, "llm2vec.model.vector", null)
        .process(cluster.getSolrClient());
    for (int i = 0; i < 8; i++) {
      refused(1, COLLECTION, new SolrInputDocument("id", "z" + i, "text", "d"));
    }
  }

  /** A node that starts anew finds in its index which model made the vectors, but not where. */
  @Test
  public void bothNodesAreNamedAlsoAfterARestart() throws Exception {
    for (int i = 0; i < 8; i++) {
      update(0, COLLECTION, new SolrInputDocument("id", "" + i, "text", "words " + i));
    }
    cluster.getSolrClient().commit(COLLECTION);
    String before = nodeName(0);
    for (int i = 0; i < 2; i++) {
      stop(i);
      start(i);
    }
    cluster.waitForAllNodes(30);
    // A node that does not know yet that its replicas are active hands requests to the other one.
    cluster
        .getJettySolrRunner(1)
        .getCoreContainer()
        .getZkController()
        .getZkStateReader()
        .waitForState(COLLECTION, 60, TimeUnit.SECONDS, activeClusterShape(2, 4));
    for (int i = 0; i < 8; i++) {
      String message = refused(1, COLLECTION, new SolrInputDocument("id", "x" + i, "text", "w"));
      assertTrue(message, message.contains("fingerprint 0a"));
      assertTrue(message, message.contains("encoded on node " + before));
      assertTrue(message, message.contains("fingerprint 0b"));
      assertTrue(message, message.contains("encoded on node " + nodeName(1)));
    }
  }

  /** What a replica missed for a moment, it takes from its leader without any chain. */
  @Test
  public void aReplicaThatMissedUpdatesKnowsTheirModel() throws Exception {
    String collection = "missed";
    CollectionAdminRequest.createCollection(collection, "updating", 1, 2)
        .setProperties(Map.of("llm2vec.dims", "" + DIMENSIONS))
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(collection, 1, 2);
    // Without an update that it has seen a replica takes the whole index instead.
    SolrInputDocument seen = new SolrInputDocument("id", "seen", "text", "w");
    update(0, collection, seen);
    stop(1);
    for (int i = 0; i < 8; i++) {
      update(0, collection, new SolrInputDocument("id", "" + i, "text", "w" + i));
    }
    long commits = commits(0, collection);
    start(1);
    cluster.waitForActiveCollection(collection, 1, 2);
    // To copy the index the leader would have had to commit it.
    assertEquals(commits, commits(0, collection));
    CollectionAdminRequest.setCollectionProperty(collection, "llm2vec.model.vector", null)
        .process(cluster.getSolrClient());
    stop(0);
    cluster.getZkStateReader().getLeaderRetry(collection, "shard1", 60_000);
    String message = refused(1, collection, new SolrInputDocument("id", "x", "text", "d"));
    assertTrue(message, message.contains("fingerprint 0a"));
    assertTrue(message, message.contains("fingerprint 0b"));
    try (SolrClient client = cluster.getJettySolrRunner(1).newClient()) {
      client.commit(collection);
      SolrQuery all = new SolrQuery("q", "vector_model:*", "rows", "0");
      assertEquals(9, client.query(collection, all).getResults().getNumFound());
    }
    refused(1, collection, new SolrInputDocument("id", "x", "text", "d"));
    start(0);
    cluster.waitForActiveCollection(collection, 1, 2);
    update(0, collection, new SolrInputDocument("id", "x", "text", "d"));
  }

  /** Which commit of its index a node's core is at. */
  private static long commits(int node, String collection) throws Exception {
    CoreContainer container = cluster.getJettySolrRunner(node).getCoreContainer();
    String name =
        container.getAllCoreNames().stream()
            .filter(core -> core.startsWith(collection))
            .findFirst()
            .orElseThrow();
    try (SolrCore core = container.getCore(name)) {
      return core.getDeletionPolicy().getLatestCommit().getGeneration();
    }
  }

  private static void stop(int node) throws Exception {
    Files.writeString(
        Path.of(cluster.getJettySolrRunner(node).getSolrHome(), ModelsFile.NAME),
        "{\"models\": {\"default\": {\"model\": \"none\"}, \"small\": {\"model\": \"none\"}}}");
    cluster.getJettySolrRunner(node).stop();
    cluster.waitForJettyToStop(cluster.getJettySolrRunner(node));
  }

  /** Starts a node again, with cores that have its own model. */
  private static void start(int node) throws Exception {
    JettySolrRunner runner = cluster.getJettySolrRunner(node);
    runner.start(true);
    cluster.waitForNode(runner, 30);
    installModels(node);
    for (String core : runner.getCoreContainer().getAllCoreNames()) {
      runner.getCoreContainer().reload(core);
    }
  }

  private static String nodeName(int node) {
    return cluster.getJettySolrRunner(node).getNodeName();
  }

  private static void update(int node, String collection, SolrInputDocument document)
      throws Exception {
    try (SolrClient client = cluster.getJettySolrRunner(node).newClient()) {
      new UpdateRequest().add(document).process(client, collection);
    }
  }

  private static String refused(int node, String collection, SolrInputDocument document) {
    SolrException refused =
        assertThrows(SolrException.class, () -> update(node, collection, document));
    assertEquals(refused.getMessage(), 409, refused.code());
    return refused.getMessage();
  }
}
