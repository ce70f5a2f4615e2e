/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.SolrQuery;
import org.apache.solr.client.solrj.impl.CloudSolrClient;
import org.apache.solr.client.solrj.impl.CloudSolrClient.RouteResponse;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.client.solrj.response.CollectionAdminResponse;
import org.apache.solr.client.solrj.response.UpdateResponse;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/** What docs/cluster.md tells operators to do, with SolrJ's standard client. */
@SuppressSSL(bugUrl = "the test is about encoding")
public class ClusterOperationsTest extends SolrCloudTestCase {

  private static final int DIMENSIONS = 32;

  /** By node: the first has the GPU. */
  private static final List<FakeBatchModel> ENCODERS = new ArrayList<>();

  @BeforeClass
  public static void startCluster() throws Exception {
    SolrNode.allowBackupsAnywhere();
    configureCluster(2)
        .addConfig("basic", SolrNode.BASIC)
        .addConfig("gpu-ingest", SolrNode.example("gpu-ingest"))
        .configure();
    ENCODERS.clear();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
      encoder.failFor("poison");
      ENCODERS.add(encoder);
      ModelsFile models =
          new ModelsFile(
              createTempDir().resolve(ModelsFile.NAME),
              Map.of("default", ModelDeclaration.of("default", "fake")),
              1 << 20);
      EncoderRegistry.install(
          node.getCoreContainer(),
          new EncoderRegistry(models, model -> encoder.service(), Runnable::run));
    }
  }

  @Before
  public void forgetCalls() {
    ENCODERS.forEach(FakeBatchModel::forget);
  }

  private static void create(String name, String configset, int shards) throws Exception {
    CollectionAdminRequest.createCollection(name, configset, shards, 1)
        .withProperty("llm2vec.dims", "" + DIMENSIONS)
        .withProperty("llm2vec.onError", "skip")
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(name, shards, shards);
  }

  private static UpdateRequest documents(int count) {
    UpdateRequest request = new UpdateRequest();
    for (int i = 0; i < count; i++) {
      request.add(
          new SolrInputDocument(
              "id", "" + i, "text", i % 10 == 3 ? "poison " + i : "words of document " + i));
    }
    return request;
  }

  /** As in docs/cluster.md: the counts of all shards, by vector field and name. */
  private static Map<String, Integer> counts(UpdateResponse response, List<Object> skippedIds) {
    List<NamedList<?>> parts = new ArrayList<>();
    if (response.getResponse() instanceof RouteResponse<?> condensed) {
      condensed.getRouteResponses().forEach((shard, part) -> parts.add(part));
    } else {
      parts.add(response.getResponse());
    }
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (NamedList<?> part : parts) {
      NamedList<?> header = (NamedList<?>) part.get("responseHeader");
      NamedList<?> byField = (NamedList<?>) header.get("llm2vec");
      ((NamedList<?>) byField.get("vector"))
          .forEach(
              (name, value) -> {
                if (value instanceof Number number) {
                  counts.merge(name, number.intValue(), Integer::sum);
                } else {
                  skippedIds.addAll((List<?>) value);
                }
              });
    }
    return counts;
  }

  @Test
  public void theCountsOfAllShardsReachTheStandardClient() throws Exception {
    create("counted", "basic", 3);
    UpdateResponse response = documents(40).process(cluster.getSolrClient(), "counted");
    assertTrue(response.getResponse() instanceof RouteResponse);
    assertNull(response.getResponseHeader().get("llm2vec"));
    List<Object> skipped = new ArrayList<>();
    assertEquals(
        Map.of("encoded", 36, "reused", 0, "forwarded", 0, "skipped", 4),
        counts(response, skipped));
    assertEquals(
        List.of("13", "23", "3", "33"), skipped.stream().map(Object::toString).sorted().toList());
  }

  @Test
  public void theStandardClientFillsTheCollectionThroughTheNodeWithTheLeaders() throws Exception {
    JettySolrRunner gpu = cluster.getJettySolrRunner(0);
    JettySolrRunner cpu = cluster.getJettySolrRunner(1);
    CloudSolrClient client = cluster.getSolrClient();
    CollectionAdminRequest.createCollection("papers", "gpu-ingest", 2, 0, 1, 0)
        .setCreateNodeSet(gpu.getNodeName())
        .withProperty("llm2vec.dims", "" + DIMENSIONS)
        .process(client);
    cluster.waitForActiveCollection("papers", 2, 2);
    for (String shard : List.of("shard1", "shard2")) {
      CollectionAdminRequest.addReplicaToShard("papers", shard, Replica.Type.PULL)
          .setNode(cpu.getNodeName())
          .process(client);
    }
    cluster.waitForActiveCollection("papers", 2, 4);
    UpdateRequest request = new UpdateRequest();
    for (int i = 0; i < 30; i++) {
      request.add(new SolrInputDocument("id", "" + i, "text", "words of document " + i));
    }
    request.commit(client, "papers");
    assertEquals(30, ENCODERS.get(0).texts().size());
    assertEquals(List.of(), ENCODERS.get(1).texts());

    SolrQuery query =
        new SolrQuery("q", "{!llm2vec f=vector topK=1 v=$qq}", "qq", "words of document 7");
    query.set("shards.preference", "replica.type:PULL");
    query.set("fl", "id,score");
    waitForState("replicas are there", "papers", clusterShape(2, 4));
    long end = System.nanoTime() + 60_000_000_000L;
    while (cpuHits(cpu, query) < 2) {
      assertTrue("pull replicas fetch nothing", System.nanoTime() < end);
      Thread.onSpinWait();
    }
    assertEquals(List.of("words of document 7"), ENCODERS.get(1).texts());
  }

  /** Hits of a search that the node without GPU takes, and carries out with its own replicas. */
  private static long cpuHits(JettySolrRunner cpu, SolrQuery query) throws Exception {
    try (var client = cpu.newClient()) {
      return client.query("papers", query).getResults().getNumFound();
    }
  }

  @Test
  public void aRestoredCollectionIsToldWhatItLacksAndWorksWithIt() throws Exception {
    CloudSolrClient client = cluster.getSolrClient();
    create("original", "basic", 1);
    documents(20).commit(client, "original");
    Path backups = createTempDir();
    CollectionAdminRequest.backupCollection("original", "nightly")
        .setLocation(backups.toString())
        .process(client);

    restore("bare", backups, new Properties());
    SolrException refused =
        assertThrows(SolrException.class, () -> documents(1).process(client, "bare"));
    assertEquals(400, refused.code());
    assertTrue(refused.getMessage(), refused.getMessage().contains("property.llm2vec.dims=32"));
    refused = assertThrows(SolrException.class, () -> renamed().process(client, "bare"));
    assertEquals(400, refused.code());
    assertTrue(refused.getMessage(), refused.getMessage().contains("property.llm2vec.dims=32"));
    assertTrue(refused.getMessage(), refused.getMessage().length() < 1000);

    Properties properties = new Properties();
    properties.setProperty("llm2vec.dims", "" + DIMENSIONS);
    restore("whole", backups, properties);
    forgetCalls();
    renamed().commit(client, "whole");
    assertEquals(
        1,
        client
            .query("whole", new SolrQuery("q", "{!llm2vec f=vector topK=1 v=$qq}", "qq", "words"))
            .getResults()
            .size());
    // The vectors came along: all that was encoded is the query.
    List<String> texts = new ArrayList<>(ENCODERS.get(0).texts());
    texts.addAll(ENCODERS.get(1).texts());
    assertEquals(List.of("words"), texts);
  }

  private static UpdateRequest renamed() {
    SolrInputDocument change = new SolrInputDocument("id", "0");
    change.setField("year_i", Map.of("set", 1999));
    return new UpdateRequest().add(change);
  }

  private static void restore(String name, Path backups, Properties properties) throws Exception {
    CollectionAdminRequest.Restore restore =
        CollectionAdminRequest.restoreCollection(name, "nightly").setLocation(backups.toString());
    restore.setProperties(properties);
    CollectionAdminResponse response = restore.process(cluster.getSolrClient());
    assertTrue(response.toString(), response.isSuccess());
    waitForState("restored", name, activeClusterShape(1, 1));
  }
}
