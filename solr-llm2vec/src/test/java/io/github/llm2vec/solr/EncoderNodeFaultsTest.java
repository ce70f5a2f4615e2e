/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.carrotsearch.randomizedtesting.annotations.ThreadLeakLingering;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ServingLimits;
import io.github.llm2vec.solr.remote.EncoderNodes;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.util.TimeOut;
import org.junit.After;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Two encoder nodes, which have a core each that holds the model and nothing of the collection, and
 * two nodes with the collection: what becomes of updates and queries when encoder nodes go and come
 * back.
 */
@SuppressSSL(bugUrl = "the test is about encoding")
// A node that is started looks at its native library, which takes a while the first time.
@ThreadLeakLingering(linger = 60_000)
public class EncoderNodeFaultsTest extends SolrCloudTestCase {

  private static final int DIMENSIONS = 256;
  private static final String PAPERS = "papers";
  private static final List<Integer> ENCODERS = List.of(0, 1);

  private static EncodingCluster nodes;
  private static FakeBatchModel model;

  private final ExecutorService clients =
      Executors.newCachedThreadPool(run -> new Thread(run, "client"));

  private static FakeBatchModel model(String fingerprint) {
    return new FakeBatchModel(DIMENSIONS, fingerprint, new FakeBatchModel(DIMENSIONS)::vector);
  }

  @BeforeClass
  public static void startCluster() throws Exception {
    Path impatient = createTempDir().resolve("conf");
    SolrNode.copy(
        SolrNode.BASIC,
        impatient,
        Map.of(
            "<processor class=\"io.github.llm2vec.solr.Llm2VecUpdateProcessorFactory\">",
            "<processor class=\"io.github.llm2vec.solr.Llm2VecUpdateProcessorFactory\">"
                + "<long name=\"openSeconds\">1</long>"));
    configureCluster(4)
        .addConfig("basic", SolrNode.BASIC)
        .addConfig("impatient", impatient)
        .configure();
    nodes = new EncodingCluster(cluster);
    model = model("0a");
    ENCODERS.forEach(node -> nodes.serve(node, model));
    nodes.ask(2);
    nodes.ask(3);
    CollectionAdminRequest.createCollection("encoders", "basic", 1, 2)
        .setCreateNodeSet(nodes.name(0) + "," + nodes.name(1))
        .withProperty("llm2vec.dims", "" + DIMENSIONS)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection("encoders", 1, 2);
  }

  @Before
  public void createCollection() throws Exception {
    create(PAPERS, "basic");
    for (int caller : List.of(2, 3)) {
      nodes.awaitReady(caller);
      for (int encoder : ENCODERS) {
        nodes.awaitSight(caller, encoder, "SERVING");
      }
    }
    model.forget();
  }

  private static void create(String name, String configset) throws Exception {
    CollectionAdminRequest.createCollection(name, configset, 2, 1)
        .setCreateNodeSet(nodes.name(2) + "," + nodes.name(3))
        .withProperty("llm2vec.dims", "" + DIMENSIONS)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(name, 2, 2);
  }

  @After
  public void restore() throws Exception {
    clients.shutdown();
    assertTrue(clients.awaitTermination(2, TimeUnit.MINUTES));
    for (int encoder : ENCODERS) {
      if (!nodes.runner(encoder).isRunning()) {
        nodes.start(encoder, model);
      }
    }
    cluster.waitForActiveCollection("encoders", 1, 2);
    for (String collection : CollectionAdminRequest.listCollections(cluster.getSolrClient())) {
      if (!collection.equals("encoders")) {
        CollectionAdminRequest.deleteCollection(collection).process(cluster.getSolrClient());
      }
    }
  }

  private static Map<String, String> texts(String prefix, int count) {
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      texts.put(prefix + i, "words of document %s%s number %s".formatted(prefix, i, i));
    }
    return texts;
  }

  @Test
  public void bothEncoderNodesTakePartInAnIngest() throws Exception {
    Map<String, String> all = new TreeMap<>();
    for (int request = 0; request < 10; request++) {
      Map<String, String> texts = texts("r" + request + "x", 100);
      nodes.index(2 + request % 2, PAPERS, texts);
      all.putAll(texts);
    }
    nodes.assertVectors(PAPERS, model, all);
    for (int caller : List.of(2, 3)) {
      int first = nodes.status(caller, 0).path("documents").asInt();
      int second = nodes.status(caller, 1).path("documents").asInt();
      assertEquals(500, first + second);
      assertTrue(first + " and " + second, first > 0 && second > 0);
    }
  }

  @Test
  public void noQueryFailsWhileOneOfTwoEncoderNodesStops() throws Exception {
    nodes.index(2, PAPERS, texts("a", 20));
    AtomicBoolean over = new AtomicBoolean();
    CountDownLatch begun = new CountDownLatch(40);
    List<Future<Integer>> queries =
        List.of(2, 3, 2, 3).stream()
            .map(
                node ->
                    clients.submit(
                        () -> {
                          int answered = 0;
                          // A query of its own each time, or it would be in a cache.
                          while (!over.get()) {
                            String text = "query " + answered + " of " + Thread.currentThread();
                            nodes.nearest(node, PAPERS, text);
                            answered++;
                            begun.countDown();
                          }
                          return answered;
                        }))
            .toList();
    assertTrue(begun.await(1, TimeUnit.MINUTES));
    nodes.stop(1);
    int before = model.batches().size();
    nodes.nearest(2, PAPERS, "afterwards");
    nodes.nearest(3, PAPERS, "afterwards, too");
    assertTrue(model.batches().size() > before);
    over.set(true);
    for (Future<Integer> query : queries) {
      assertTrue(query.get(1, TimeUnit.MINUTES) > 0);
    }
  }

  /** The texts that were under way are sent again, and those that come after wait. */
  @Test
  public void ingestGoesOnWhenTheOnlyEncoderNodeComesBack() throws Exception {
    nodes.stop(1);
    model.hold();
    Map<String, String> texts = texts("held", 100);
    Future<HttpResponse<String>> update;
    Future<HttpResponse<String>> waiting;
    Map<String, String> later = texts("later", 50);
    try {
      update = clients.submit(() -> nodes.update(2, PAPERS, texts));
      model.awaitTexts(texts.size());
      Future<?> stop =
          clients.submit(
              () -> {
                nodes.stop(0);
                return null;
              });
      nodes.awaitUnreachable(2);
      waiting = clients.submit(() -> nodes.update(3, PAPERS, later));
      assertEquals(503, nodes.search(2, PAPERS, "a new query").statusCode());
      model.letGo();
      stop.get(1, TimeUnit.MINUTES);
    } finally {
      model.letGo();
    }
    nodes.start(0, model);
    for (Future<HttpResponse<String>> each : List.of(update, waiting)) {
      HttpResponse<String> response = each.get(2, TimeUnit.MINUTES);
      assertEquals(response.body(), 200, response.statusCode());
    }
    Map<String, String> all = new TreeMap<>(texts);
    all.putAll(later);
    nodes.assertVectors(PAPERS, model, all);
    // What was under way to the node that stopped holds no thread.
    new TimeOut(1, TimeUnit.MINUTES, TimeSource.NANO_TIME)
        .waitFor("a thread waits for a call that was given up", () -> waitingCalls() == 0);
  }

  private static long waitingCalls() {
    return Thread.getAllStackTraces().values().stream()
        .filter(
            stack ->
                Arrays.stream(stack)
                    .anyMatch(
                        frame ->
                            frame
                                .getClassName()
                                .startsWith("io.github.llm2vec.solr.remote.Dispatch$Attempt")))
        .count();
  }

  @Test
  public void withoutAnEncoderNodeQueriesAreToComeBackAndNothingIsIndexed() throws Exception {
    create("impatient", "impatient");
    nodes.index(2, PAPERS, texts("a", 5));
    nodes.nearest(2, PAPERS, "a query that is known");
    for (int encoder : ENCODERS) {
      nodes.stop(encoder);
    }
    HttpResponse<String> query = nodes.search(2, PAPERS, "a query that is not known");
    assertEquals(query.body(), 503, query.statusCode());
    assertEquals("5", query.headers().firstValue("Retry-After").orElse(""));
    assertTrue(query.body(), query.body().contains("no node encodes for it"));
    assertEquals("a0".length(), nodes.nearest(2, PAPERS, "a query that is known").length());

    HttpResponse<String> update = nodes.update(3, "impatient", texts("b", 5));
    assertEquals(update.body(), 503, update.statusCode());
    cluster.getSolrClient().commit("impatient");
    assertEquals(Map.of(), nodes.vectors("impatient"));

    assertEquals("UNREACHABLE", nodes.status(2).path("state").asText());
    String core = nodes.runner(2).getCoreContainer().getAllCoreNames().get(0);
    assertEquals(503, nodes.get(2, "/" + core + "/llm2vec?action=health").statusCode());
  }

  @Test
  public void anotherModelOnAllEncoderNodesIsRefusedAsASwappedOneIs() throws Exception {
    nodes.index(2, PAPERS, texts("a", 5));
    FakeBatchModel other = model("0b");
    nodes.stop(1);
    nodes.stop(0);
    nodes.start(0, other);
    nodes.awaitSight(2, 0, "SERVING");
    for (HttpResponse<String> refused :
        List.of(nodes.update(2, PAPERS, texts("b", 5)), nodes.search(2, PAPERS, "words"))) {
      assertEquals(refused.body(), 409, refused.statusCode());
      for (String part :
          List.of(
              "fingerprint 0a",
              "fingerprint 0b",
              "encoded on node " + nodes.name(2) + " (by the model of " + nodes.name(0) + ")")) {
        assertTrue(refused.body(), refused.body().contains(part));
      }
    }
    cluster.getSolrClient().commit(PAPERS);
    nodes.assertVectors(PAPERS, model, texts("a", 5));
    nodes.stop(0);
  }

  @Test
  public void aModelThatIsHereAsWellEncodesWhenNoNodeDoes() throws Exception {
    FakeBatchModel here = model("0a");
    ModelDeclaration both =
        new ModelDeclaration(
            "default",
            "fake",
            List.of(),
            Map.of(),
            "",
            "",
            "",
            List.of(),
            0,
            true,
            0,
            0,
            0,
            "",
            "",
            ServingLimits.DEFAULTS,
            "",
            Optional.of(new EncoderNodes.InCluster()));
    nodes.install(2, both, declaration -> here.service());
    try {
      nodes.reload(2);
      nodes.awaitSight(2, 0, "SERVING");
      nodes.awaitSight(2, 1, "SERVING");
      Map<String, String> texts = texts("a", 40);
      nodes.index(2, PAPERS, texts);
      assertEquals(List.of(), here.texts());
      // A node that has others encode encodes for none.
      assertEquals("NOT_SERVING", nodes.status(3, 2).path("state").asText());
      for (int encoder : ENCODERS) {
        nodes.stop(encoder);
      }
      Map<String, String> more = texts("b", 40);
      nodes.index(2, PAPERS, more);
      nodes.nearest(2, PAPERS, "a query");
      assertEquals(41, here.texts().size());
      texts.putAll(more);
      nodes.assertVectors(PAPERS, model, texts);
      assertEquals("READY", nodes.status(2).path("state").asText());
    } finally {
      nodes.ask(2);
      nodes.reload(2);
    }
  }
}
