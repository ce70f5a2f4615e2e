/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.junit.After;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/** Four nodes, one of which has the model: what the others are sent, it encodes. */
@SuppressSSL(bugUrl = "the test is about encoding")
public class EncoderNodesTest extends SolrCloudTestCase {

  private static final int DIMENSIONS = 256;
  private static final String PAPERS = "papers";
  private static final int STRANGER = 3;

  private static EncodingCluster nodes;
  private static FakeBatchModel model;

  private final ExecutorService clients =
      Executors.newCachedThreadPool(run -> new Thread(run, "client"));

  @BeforeClass
  public static void startCluster() throws Exception {
    configureCluster(4).addConfig("basic", SolrNode.BASIC).configure();
    nodes = new EncodingCluster(cluster);
    model = new FakeBatchModel(DIMENSIONS, "0a", new FakeBatchModel(DIMENSIONS)::vector);
    nodes.serve(0, model);
    nodes.ask(1);
    nodes.ask(2);
    nodes.ask(STRANGER);
  }

  /** A shard on every node, so that each has a core that holds its model. */
  @Before
  public void createCollection() throws Exception {
    CollectionAdminRequest.createCollection(PAPERS, "basic", 4, 1)
        .withProperty("llm2vec.dims", "" + DIMENSIONS)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(PAPERS, 4, 4);
    nodes.awaitReady(1);
    nodes.awaitReady(2);
    model.forget();
  }

  @After
  public void deleteCollections() throws Exception {
    clients.shutdown();
    assertTrue(clients.awaitTermination(1, TimeUnit.MINUTES));
    cluster.deleteAllCollections();
  }

  private static Map<String, String> texts(String prefix, int count) {
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      texts.put(prefix + i, "words of document %s number %s".formatted(prefix, i));
    }
    return texts;
  }

  @Test
  public void whatAnyNodeIsSentIsEncodedWhereTheModelIs() throws Exception {
    Map<String, String> all = new TreeMap<>();
    for (int node = 0; node < STRANGER; node++) {
      Map<String, String> texts = texts("n" + node + "x", 50);
      nodes.index(node, PAPERS, texts);
      all.putAll(texts);
    }
    nodes.assertVectors(PAPERS, model, all);
    assertEquals("each text once", all.size(), model.texts().size());

    for (int node = 0; node < STRANGER; node++) {
      String text = "number 7 of document n" + node + "x words";
      assertEquals("n" + node + "x7", nodes.nearest(node, PAPERS, text));
    }
    assertEquals(all.size() + 3, model.texts().size());

    JsonNode there = nodes.status(1, 0);
    assertEquals("SERVING", there.path("state").asText());
    assertEquals(50, there.path("documents").asInt());
    assertEquals(1, there.path("queries").asInt());
    assertEquals("READY", nodes.status(1).path("state").asText());
    assertEquals("0a", nodes.status(1).path("fingerprint").asText());
    JsonNode given = nodes.status(0).path("encodedForOtherNodes");
    assertTrue(given.toString(), given.path("documents").asInt() >= 100);
    assertTrue(given.toString(), given.path("queries").asInt() >= 2);
  }

  @Test
  public void vectorsOfQueriesAreKeptWhereTheyWereAskedFor() throws Exception {
    nodes.index(1, PAPERS, texts("a", 5));
    model.forget();
    for (int i = 0; i < 3; i++) {
      nodes.nearest(1, PAPERS, "a question that is asked thrice");
    }
    assertEquals(List.of("a question that is asked thrice"), model.texts());
    // The node that has the model keeps them as well, so that another one costs no encoding.
    nodes.nearest(2, PAPERS, "a question that is asked thrice");
    assertEquals(1, model.texts().size());
    assertEquals(2, nodes.status(1).path("cachedQueries").asInt());
  }

  @Test
  public void aQueryOfOneNodeGoesBeforeTheDocumentsOfAnother() throws Exception {
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < 96; i++) {
      texts.put("" + i, "document %s ".formatted(i).repeat(50));
    }
    model.hold();
    Future<HttpResponse<String>> update;
    Future<HttpResponse<String>> query;
    try {
      update = clients.submit(() -> nodes.update(1, PAPERS, texts));
      model.awaitTexts(texts.size());
      model.awaitStep();
      query = clients.submit(() -> nodes.search(2, PAPERS, "a query in between"));
      nodes.awaitWaitingQuery(0);
    } finally {
      model.letGo();
    }
    assertEquals(200, update.get(1, TimeUnit.MINUTES).statusCode());
    assertEquals(200, query.get(1, TimeUnit.MINUTES).statusCode());
    List<List<String>> batches = model.batches();
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < batches.size(); i++) {
      if (batches.get(i).contains("a query in between")) {
        places.add(i);
      }
    }
    assertEquals("in the step after the one that ran", List.of(1), places);
    assertTrue(batches.size() + " steps", batches.size() > 2);
  }

  @Test
  public void aNodeWithAnotherModelIsRefusedByName() throws Exception {
    nodes.index(1, PAPERS, texts("a", 20));
    FakeBatchModel other =
        new FakeBatchModel(DIMENSIONS, "0b", new FakeBatchModel(DIMENSIONS)::vector);
    nodes.serve(STRANGER, other);
    try {
      nodes.reload(STRANGER);
      refuseTheStranger();
      nodes.index(2, PAPERS, texts("d", 20));
      assertEquals(List.of(), other.texts());
    } finally {
      nodes.ask(STRANGER);
      nodes.reload(STRANGER);
    }
  }

  private static void refuseTheStranger() throws Exception {
    nodes.awaitSight(1, STRANGER, "OTHER_MODEL");
    for (HttpResponse<String> refused :
        List.of(
            nodes.update(STRANGER, PAPERS, texts("b", 3)),
            nodes.search(STRANGER, PAPERS, "words"))) {
      assertEquals(refused.body(), 409, refused.statusCode());
      for (String part :
          List.of(
              "fingerprint 0a",
              "fingerprint 0b",
              "encoded on node " + nodes.name(1),
              "encoded on node " + nodes.name(STRANGER))) {
        assertTrue(refused.body(), refused.body().contains(part));
      }
    }
  }

  @Test
  public void oneTextThatFailsIsNamedAndItsNeighboursAreIndexed() throws Exception {
    model.failFor("poison");
    Map<String, String> texts = texts("c", 10);
    texts.put("bad", "a poison text");
    HttpResponse<String> response = nodes.update(2, PAPERS, texts);
    assertEquals(response.body(), 400, response.statusCode());
    assertTrue(response.body(), response.body().contains("document 'bad'"));
    assertTrue(response.body(), response.body().contains("on node " + nodes.name(0)));
    texts.remove("bad");
    cluster.getSolrClient().commit(PAPERS);
    nodes.assertVectors(PAPERS, model, texts);
  }
}
