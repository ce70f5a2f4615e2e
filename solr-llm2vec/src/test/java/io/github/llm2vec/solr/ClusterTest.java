/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.client.solrj.response.QueryResponse;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.MapSolrParams;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Two nodes, two shards, two replicas of each: every document and every query is encoded once in
 * the whole cluster.
 */
@SuppressSSL(bugUrl = "the test is about encoding")
public class ClusterTest extends SolrCloudTestCase {

  private static final int DIMENSIONS = 32;
  private static final String BASIC = "papers";
  private static final String QUANTISED = "quantised_papers";

  private static FakeBatchModel encoder;

  @BeforeClass
  public static void startCluster() throws Exception {
    encoder = new FakeBatchModel(DIMENSIONS);
    configureCluster(2)
        .addConfig("basic", SolrNode.BASIC)
        .addConfig("quantised", SolrNode.example("cloud-quantised"))
        .configure();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      ModelsFile models =
          new ModelsFile(
              createTempDir().resolve(ModelsFile.NAME),
              Map.of("default", ModelDeclaration.of("default", "fake")),
              1 << 20);
      EncoderRegistry.install(
          node.getCoreContainer(),
          new EncoderRegistry(models, model -> encoder.service(), Runnable::run));
    }
    // Both live as long as the cluster: a deleted one may still hold the encoder for a while.
    createCollection(BASIC, "basic");
    createCollection(QUANTISED, "quantised");
  }

  private static void createCollection(String name, String configset) throws Exception {
    CollectionAdminRequest.createCollection(name, configset, 2, 2)
        .withProperty("llm2vec.dims", "" + DIMENSIONS)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(name, 2, 4);
  }

  @Before
  public void forgetCalls() {
    encoder.forget();
  }

  @Test
  public void documentsAndQueriesAreEncodedOnceInTheCluster() throws Exception {
    List<SciFact.Abstract> papers = index(BASIC);
    assertEquals(
        papers.stream().map(SciFact.Abstract::source).sorted().toList(),
        encoder.texts().stream().sorted().toList());
    Map<String, String> texts = new TreeMap<>();
    papers.forEach(paper -> texts.put(paper.id(), paper.source()));
    assertReplicasHoldTheVectors(BASIC, texts);

    List<String> queries = SciFact.queries();
    for (int i = 0; i < 5; i++) {
      assertEncodedOnce("{!llm2vec f=vector topK=5 v=$qq}", "*:*", queries.get(i));
    }
    assertEncodedOnce("{!bool should='text:cell' should=$near}", "*:*", queries.get(6));
    assertEncodedOnce("*:*", "{!llm2vec f=vector topK=5 v=$qq}", queries.get(7));
  }

  @Test
  public void quantisedConfigsetFindsTheTrueNeighboursWithExactScores() throws Exception {
    List<SciFact.Abstract> papers = index(QUANTISED);
    for (String query : SciFact.queries().subList(10, 15)) {
      MapSolrParams request =
          new MapSolrParams(Map.of("q", "{!llm2vec f=vector topK=10 v=$qq}", "qq", query));
      List<SearchHits.Hit> expected = SearchHits.nearest(encoder, query, papers, 10);
      List<SolrDocument> found = cluster.getSolrClient().query(QUANTISED, request).getResults();
      assertEquals(10, found.size());
      for (int i = 0; i < 10; i++) {
        assertEquals(expected.get(i).score(), (float) found.get(i).getFieldValue("score"), 1e-6f);
      }
    }
  }

  @Test
  public void atomicUpdatesLoseNoVectorOfTheQuantisedConfigset() throws Exception {
    List<SciFact.Abstract> papers = index(QUANTISED);
    encoder.forget();
    UpdateRequest changes = new UpdateRequest();
    Map<String, String> texts = new TreeMap<>();
    for (SciFact.Abstract paper : papers) {
      boolean renamed = texts.size() % 2 == 0;
      changes.add(
          renamed ? change(paper, "title", "About growth") : change(paper, "year_i", texts.size()));
      texts.put(paper.id(), renamed ? "About growth " + paper.text() : paper.source());
    }
    changes.commit(cluster.getSolrClient(), QUANTISED);
    assertEquals(
        texts.values().stream().filter(text -> text.startsWith("About growth ")).sorted().toList(),
        encoder.texts().stream().sorted().toList());
    assertReplicasHoldTheVectors(QUANTISED, texts);
  }

  private static List<SciFact.Abstract> index(String collection) throws Exception {
    List<SciFact.Abstract> papers = SciFact.documents(60);
    List<SolrInputDocument> documents = new ArrayList<>();
    for (SciFact.Abstract paper : papers) {
      documents.add(
          new SolrInputDocument("id", paper.id(), "title", paper.title(), "text", paper.text()));
    }
    new UpdateRequest().add(documents).commit(cluster.getSolrClient(), collection);
    return papers;
  }

  /** One encoding, although both shards search and then fetch stored fields. */
  private static void assertEncodedOnce(String query, String filter, String text) throws Exception {
    encoder.forget();
    String near = "{!llm2vec f=vector topK=5 v=$qq}";
    MapSolrParams request =
        new MapSolrParams(
            Map.of(
                "q",
                query,
                "fq",
                filter,
                "qq",
                text,
                "near",
                near,
                "rows",
                "10",
                "fl",
                "id,score"));
    QueryResponse response = cluster.getSolrClient().query(BASIC, request);
    assertEquals(10, response.getResults().size());
    assertEquals(List.of(List.of(text)), encoder.calls());
  }

  private static SolrInputDocument change(SciFact.Abstract paper, String field, Object value) {
    SolrInputDocument change = new SolrInputDocument("id", paper.id());
    change.setField(field, Map.of("set", value));
    return change;
  }

  /** Both replicas of every document have the vector of its text, to the last bit. */
  private static void assertReplicasHoldTheVectors(String collection, Map<String, String> texts)
      throws Exception {
    Map<String, Integer> copies = new TreeMap<>();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      for (String name : node.getCoreContainer().getLoadedCoreNames()) {
        try (SolrCore core = node.getCoreContainer().getCore(name)) {
          if (!core.getCoreDescriptor().getCollectionName().equals(collection)) {
            continue;
          }
          UpdatingCore.vectors(core, "vector")
              .forEach(
                  (id, vector) -> {
                    copies.merge(id, 1, Integer::sum);
                    assertArrayEquals(id, encoder.vector(" " + texts.get(id)), vector, 0f);
                  });
        }
      }
    }
    assertEquals(texts.keySet(), copies.keySet());
    assertTrue(copies.toString(), copies.values().stream().allMatch(count -> count == 2));
  }
}
