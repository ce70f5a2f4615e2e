/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.schema.ServingField;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.util.TimeOut;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Queries of a real cluster before and after one field takes the place of another. */
class ReembedSwitchTest {

  private static final String NAME = "switched";
  private static final int DOCUMENTS = 30;
  private static final int QUERIES = 8;
  private static final int TOP = 5;

  @TempDir private static Path folder;
  private static ReembedCluster solr;
  private static final Map<String, String> TEXTS = new TreeMap<>();

  @BeforeAll
  static void start() throws Exception {
    solr = new ReembedCluster(folder);
    solr.create(NAME, Map.of());
    List<SolrInputDocument> documents = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      documents.add(ReembedCluster.document("d" + i, "title" + i, "words" + i));
      TEXTS.put("d" + i, "title" + i + " words" + i);
    }
    solr.add(0, NAME, documents);
    assertEquals(1, solr.reembed(NAME, "--model", "new", "--dimensions", "8"));
    solr.map(NAME, Map.of());
  }

  @AfterAll
  static void stop() throws Exception {
    solr.close();
  }

  @Test
  void fieldsAreSwitchedThereAndBackAndDroppedAtLast() throws Exception {
    Path queries = queries();
    assertEquals(1, solr.reembed(NAME, "--switch", "--queries", queries.toString()));
    assertTrue(
        solr.runner.out().startsWith("30 documents have a text and no vector in 'vector2'"),
        solr.runner.out() + solr.runner.err());
    assertEquals(0, solr.reembed(NAME), solr.runner.err());
    awaitAnswersOf(solr.olds.get(0));

    Path bestOfOld = judgements(solr.olds.get(0));
    List<String> worse = List.of("--queries", queries.toString(), "--qrels", bestOfOld.toString());
    assertEquals(1, solr.reembed(NAME, with("--switch", worse)));
    assertTrue(solr.runner.out().contains("old 1.0000, new 0."), solr.runner.out());
    assertTrue(solr.runner.out().contains("The new model is worse"), solr.runner.out());
    assertEquals(1, solr.reembed(NAME, with("--check", worse)));
    assertEquals(
        1,
        solr.reembed(NAME, "--switch", "--queries", queries.toString(), "--min-overlap", "1"),
        solr.runner.out());
    awaitAnswersOf(solr.olds.get(0));

    Path bestOfNew = judgements(solr.news.get(0));
    List<String> better = List.of("--queries", queries.toString(), "--qrels", bestOfNew.toString());
    assertEquals(0, solr.reembed(NAME, with("--switch", better)), solr.runner.err());
    assertTrue(solr.runner.out().contains("new 1.0000, difference +"), solr.runner.out());
    awaitAnswersOf(solr.news.get(0));
    for (int node = 0; node < 2; node++) {
      assertEquals(
          nearest(solr.olds.get(0), "question 0", TOP),
          search(node, "{!llm2vec f=vector model=default topK=5 v=$qq}", "question 0", Map.of()),
          "a query that names its model has the field itself");
    }
    Map<String, String> told = Map.of("isShard", "true", ServingField.PROPERTY + "vector", "");
    assertEquals(
        search(0, "{!llm2vec f=vector model=default topK=5 v=$qq}", "question 0", told),
        search(0, "{!llm2vec f=vector topK=5 v=$qq}", "question 0", told),
        "a shard goes by what the first node of the request saw");

    // Both are filled as long as there is a way back.
    add("later", "title300", "words300");
    solr.assertVectors(NAME, TEXTS);
    assertEquals(0, solr.reembed(NAME, "--rollback"), solr.runner.err());
    awaitAnswersOf(solr.olds.get(0));
    assertEquals(1, solr.reembed(NAME, "--rollback"));
    assertTrue(solr.runner.err().contains("nothing was switched"), solr.runner.err());
    assertEquals(1, solr.reembed(NAME, "--drop"));
    assertTrue(solr.runner.err().contains("only a field that was switched"), solr.runner.err());

    assertEquals(0, solr.reembed(NAME, with("--switch", better)), solr.runner.err());
    awaitAnswersOf(solr.news.get(0));
    assertEquals(0, solr.reembed(NAME, "--drop"), solr.runner.err());
    add("last", "title301", "words301");
    assertEquals(0, count("{!frange l=1 u=1}if(exists(vector),1,0)"));
    assertEquals(DOCUMENTS + 2, count("{!frange l=1 u=1}if(exists(vector2),1,0)"));
    awaitAnswersOf(solr.news.get(0));
    assertEquals(1, solr.reembed(NAME, "--rollback"));
    assertTrue(solr.runner.err().contains("have been dropped"), solr.runner.err());
    assertEquals(1, solr.reembed(NAME, "--switch"));
    assertTrue(solr.runner.err().contains("nothing to compare with"), solr.runner.err());
    assertEquals(0, solr.reembed(NAME), solr.runner.err());
    assertEquals(
        "Every document with a text has its vectors in 'vector2'.", solr.runner.out().strip());
  }

  private static String[] with(String first, List<String> more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(more);
    return all.toArray(String[]::new);
  }

  private static void add(String id, String title, String text) throws Exception {
    solr.add(1, NAME, List.of(ReembedCluster.document(id, title, text)));
    TEXTS.put(id, title + " " + text);
  }

  /** Questions that have no word in common with any document. */
  private static Path queries() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < QUERIES; i++) {
      lines.add("{\"_id\":\"q%d\",\"text\":\"question %d\"}".formatted(i, i));
    }
    return Files.write(folder.resolve("queries.jsonl"), lines);
  }

  /** Judgements by which what a model finds first is what is relevant. */
  private static Path judgements(HashedModel model) throws IOException {
    List<String> lines = new ArrayList<>(List.of("query-id\tcorpus-id\tscore"));
    for (int i = 0; i < QUERIES; i++) {
      lines.add("q" + i + "\t" + nearest(model, "question " + i, 1).get(0) + "\t1");
    }
    return Files.write(Files.createTempFile(folder, "qrels", ".tsv"), lines);
  }

  /** The documents whose vectors are nearest, by comparing all. */
  private static List<String> nearest(HashedModel model, String query, int count) {
    float[] wanted = model.vector(query);
    return TEXTS.keySet().stream()
        .sorted(
            (a, b) ->
                Double.compare(
                    product(wanted, model.vector(TEXTS.get(b))),
                    product(wanted, model.vector(TEXTS.get(a)))))
        .limit(count)
        .toList();
  }

  private static double product(float[] left, float[] right) {
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (double) left[i] * right[i];
    }
    return sum;
  }

  /** Waits until both nodes have heard of it. */
  private static void awaitAnswersOf(HashedModel model) throws Exception {
    assertNotEquals(
        nearest(solr.olds.get(0), "question 0", TOP), nearest(solr.news.get(0), "question 0", TOP));
    for (int node = 0; node < 2; node++) {
      int asked = node;
      new TimeOut(1, TimeUnit.MINUTES, TimeSource.NANO_TIME)
          .waitFor(
              "node " + node + " is to answer by " + model.fingerprint(),
              () -> {
                try {
                  return nearest(model, "question 0", TOP)
                      .equals(
                          search(
                              asked, "{!llm2vec f=vector topK=5 v=$qq}", "question 0", Map.of()));
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
    }
  }

  private static List<String> search(int node, String query, String text, Map<String, String> more)
      throws Exception {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("q", query).set("qq", text).set("rows", TOP).set("fl", "id,score");
    more.forEach(params::set);
    try (SolrClient client = solr.cluster.getJettySolrRunner(node).newClient()) {
      return client.query(NAME, params, SolrRequest.METHOD.POST).getResults().stream()
          .map(document -> String.valueOf(document.getFieldValue("id")))
          .toList();
    }
  }

  private static long count(String query) throws Exception {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("q", query).set("rows", 0);
    return solr.cluster.getSolrClient().query(NAME, params).getResults().getNumFound();
  }
}
