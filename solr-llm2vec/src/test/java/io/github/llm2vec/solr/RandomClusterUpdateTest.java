/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.response.RequestStatusState;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * {@link RandomUpdates} in a collection of two nodes and two copies of each shard, whose shards are
 * split, and which is reloaded, backed up and restored meanwhile. Every update goes to another
 * node. {@code -Dllm2vec.long=true} runs 100 sequences of each kind.
 */
@SuppressSSL(bugUrl = "the test is about updates")
public class RandomClusterUpdateTest extends SolrCloudTestCase {

  private static final int SEQUENCES = Boolean.getBoolean("llm2vec.long") ? 100 : 3;
  private static final int COPIES = 2;
  private static final int MOST_SHARDS = 4;
  private static final int PATIENCE_SECONDS = 90;

  private static final FakeBatchModel ENCODER = new FakeBatchModel(16);
  private static final List<SolrClient> CLIENTS = new ArrayList<>();
  private static Path backups;

  @BeforeClass
  public static void startCluster() throws Exception {
    SolrNode.allowBackupsAnywhere();
    backups = createTempDir();
    configureCluster(2).configure();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      SolrNode.install(node, model -> ENCODER.service());
      CLIENTS.add(node.newClient());
    }
  }

  @AfterClass
  public static void closeClients() throws IOException {
    for (SolrClient client : CLIENTS) {
      client.close();
    }
    CLIENTS.clear();
  }

  @Test
  public void collectionHoldsWhatUpdatesLeave() throws Exception {
    run(false);
  }

  @Test
  public void collectionHoldsThePassagesThatUpdatesLeave() throws Exception {
    run(true);
  }

  private static void run(boolean cut) throws Exception {
    String configset = cut ? "cut" : "whole";
    Path folder = createTempDir();
    SolrNode.copy(UpdatingCore.CONFIGSET, folder, RandomUpdates.configuration(cut));
    cluster.uploadConfigSet(folder, configset);
    CollectionAdminRequest.createCollection(configset + 0, configset, 2, COPIES)
        .process(cluster.getSolrClient());
    waitForState("created", configset + 0, activeClusterShape(2, 2 * COPIES));
    RandomUpdates.run(new Sharded(configset), ENCODER, cut, SEQUENCES);
    cluster.deleteAllCollections();
  }

  private static final class Sharded implements RandomUpdates.Index {
    private final String configset;
    private int restored;
    private int turn;

    Sharded(String configset) {
      this.configset = configset;
    }

    @Override
    public String name() {
      return configset + restored;
    }

    @Override
    public SolrClient client() {
      return CLIENTS.get(turn++ % CLIENTS.size());
    }

    private List<Slice> shards() {
      return List.copyOf(getCollectionState(name()).getActiveSlices());
    }

    private static void onCore(Replica replica, RandomUpdates.CoreAction action)
        throws IOException {
      JettySolrRunner node = cluster.getReplicaJetty(replica);
      try (SolrCore core = node.getCoreContainer().getCore(replica.getCoreName())) {
        action.accept(core);
      }
    }

    @Override
    public Map<String, float[]> vectors() throws IOException {
      Map<String, float[]> all = new TreeMap<>();
      for (Slice shard : shards()) {
        List<Map<String, float[]>> copies = new ArrayList<>();
        for (Replica replica : shard.getReplicas()) {
          onCore(replica, core -> copies.add(UpdatingCore.vectors(core, "vector")));
        }
        assertEquals(COPIES, copies.size());
        assertEquals(shard.getName(), copies.get(0).keySet(), copies.get(1).keySet());
        copies
            .get(0)
            .forEach((id, vector) -> assertArrayEquals(id, vector, copies.get(1).get(id), 0f));
        all.putAll(copies.get(0));
      }
      return all;
    }

    @Override
    public void forEachCore(RandomUpdates.CoreAction action) throws IOException {
      for (Slice shard : shards()) {
        for (Replica replica : shard.getReplicas()) {
          onCore(replica, action);
        }
      }
    }

    @Override
    public int oneIn() {
      return 2;
    }

    @Override
    public String operate(Random random) throws Exception {
      int what = random.nextInt(3);
      if (what == 0) {
        CollectionAdminRequest.reloadCollection(name()).process(cluster.getSolrClient());
        return "reload";
      }
      return what == 1 && shards().size() < MOST_SHARDS ? split(random) : restore();
    }

    private String split(Random random) throws Exception {
      List<Slice> shards = shards();
      String shard = shards.get(random.nextInt(shards.size())).getName();
      assertEquals(
          RequestStatusState.COMPLETED,
          CollectionAdminRequest.splitShard(name())
              .setShardName(shard)
              .processAndWait(cluster.getSolrClient(), PATIENCE_SECONDS));
      // The whole shard is still there, though not active.
      waitForState(
          "split",
          name(),
          (live, state) ->
              state != null
                  && state.getActiveSlices().size() == shards.size() + 1
                  && state.getActiveSlices().stream()
                      .flatMap(part -> part.getReplicas().stream())
                      .allMatch(replica -> replica.isActive(live)));
      CollectionAdminRequest.deleteShard(name(), shard).process(cluster.getSolrClient());
      return "split " + shard;
    }

    /** A backup holds what was committed. */
    private String restore() throws Exception {
      String before = name();
      int shards = shards().size();
      client().commit(before);
      CollectionAdminRequest.backupCollection(before, before)
          .setLocation(backups.toString())
          .process(cluster.getSolrClient());
      restored++;
      CollectionAdminRequest.restoreCollection(name(), before)
          .setLocation(backups.toString())
          .process(cluster.getSolrClient());
      waitForState("restored", name(), activeClusterShape(shards, shards * COPIES));
      CollectionAdminRequest.deleteCollection(before).process(cluster.getSolrClient());
      return "restore as " + name();
    }
  }
}
