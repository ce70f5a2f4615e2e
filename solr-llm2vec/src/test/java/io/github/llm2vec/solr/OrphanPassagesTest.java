/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.TermQuery;
import org.apache.solr.core.SolrCore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Passages come and go with their documents, and count for no other, whatever removes these. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OrphanPassagesTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CORE = "orphans";
  private static final String PASTA = "cook pasta in salted water";
  private static final String DOCUMENTS = "*:* -_nest_path_:*";

  private final FakeBatchModel encoder = new FakeBatchModel(64);
  private SolrNode node;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
    node.createCore(
        CORE,
        SolrNode.example("passages"),
        Map.of("llm2vec.dims", "64", "llm2vec.passageTokens", "4", "llm2vec.passageOverlap", "0"),
        Map.of());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void index() throws Exception {
    update("{\"delete\":{\"query\":\"*:*\"}}");
    update(
        """
        [{"id":"A","title":"A","text":"how to cook pasta in salted water","kind_s":"food","n_i":1},
         {"id":"B","title":"B","text":"mutations cause gigantism in men","kind_s":"gene","n_i":2},
         {"id":"C","title":"C","text":"null pointer errors in java","kind_s":"code","n_i":3}]""");
    update("{\"commit\":{}}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text:pasta",
        "id:A",
        "kind_s:food AND n_i:[* TO 1]",
        "{!term f=kind_s}food",
        "{!cache=false df=n_i}[* TO 1]",
        "title:a OR text:\"it's \\\\ \\\"not\\\" there\"",
        "+kind_s:food -_nest_path_:*",
        "*:* -kind_s:(gene OR code)",
        "-kind_s:(gene OR code)",
        "_query_:\"{!child of='*:* -_nest_path_:*' v='id:A'}\" OR id:A",
      })
  void deleteByQueryTakesPassagesAlong(String query) throws Exception {
    update("{\"delete\":{\"query\":" + JSON.writeValueAsString(query) + "}}");
    commitAndMerge(false);
    assertGone("A");
    assertEquals(List.of(), ids("passage_parent:A"));
    assertFoundByOwnPassages("B", "C");
    commitAndMerge(true);
    assertGone("A");
    assertFoundByOwnPassages("B", "C");
  }

  @Test
  void deleteByWhatDocumentsLackLeavesPassagesOfOthers() throws Exception {
    update("{\"delete\":{\"query\":\"*:* -kind_s:food\"}}");
    commitAndMerge(true);
    assertFoundByOwnPassages("A");
    assertEquals(1 + 2, ids("*:*").size(), "a document and its passages");
    update("{\"delete\":{\"query\":\"passage_number:1\"}}");
    commitAndMerge(false);
    assertEquals(1 + 1, ids("*:*").size(), "passages are found by their own fields");
    update("{\"delete\":{\"query\":\"*:*\"}}");
    commitAndMerge(false);
    assertEquals(List.of(), ids("*:*"));
  }

  @Test
  void expiredDocumentTakesItsPassagesAlong() throws Exception {
    update("[{\"id\":\"A\",\"expires_dt\":{\"set\":\"2001-01-01T00:00:00Z\"}}]");
    update("{\"commit\":{}}");
    // As Solr's own thread deletes what has expired.
    update("{\"delete\":{\"query\":\"{!cache=false df=expires_dt}[* TO NOW]\"}}");
    commitAndMerge(true);
    assertGone("A");
    assertFoundByOwnPassages("B", "C");
    assertEquals(List.of(), ids("passage_parent:A"));
  }

  @ParameterizedTest
  @CsvSource({"A", "B", "C"})
  void passagesThatAreLeftBehindNeverCount(String id) throws Exception {
    removeRootOnly(id);
    for (boolean merged : new boolean[] {false, true}) {
      commitAndMerge(merged);
      assertGone(id);
      assertFoundByOwnPassages(
          Map.of("A", "B", "B", "C", "C", "A").get(id),
          Map.of("A", "C", "B", "A", "C", "B").get(id));
    }
    // Comes back with passages of its own.
    update("[{\"id\":\"%s\",\"text\":\"something else entirely\"}]".formatted(id));
    commitAndMerge(true);
    assertFoundByOwnPassages("A", "B", "C");
    assertEquals(1, ids("passage_parent:" + id).size());
  }

  /** In one segment Solr takes them for nested documents of the next document. */
  @Test
  void passagesThatAreLeftBehindAreNotTakenOver() throws Exception {
    removeRootOnly("A");
    commitAndMerge(true);
    update("[{\"id\":\"B\",\"n_i\":{\"set\":7}}]");
    commitAndMerge(false);
    assertGone("A");
    assertFoundByOwnPassages("B", "C");
    // A passage that B had taken over would stay.
    update("[{\"id\":\"A\",\"text\":\"something else entirely\"}]");
    commitAndMerge(true);
    assertFoundByOwnPassages("A", "B", "C");
    assertEquals(1, ids("passage_parent:A").size());
  }

  @Test
  void otherFieldsOfTheBlockDoNotMatter() throws Exception {
    removeRootOnly("A");
    update("[{\"id\":\"B\",\"n_i\":{\"set\":7}}]");
    commitAndMerge(true);
    assertGone("A");
    assertFoundByOwnPassages("B", "C");
  }

  @Test
  void answerThatIsSentBackMakesNoDocumentsOfPassages() throws Exception {
    JsonNode before = select(Map.of("q", "*:*", "fl", "id", "sort", "id asc"));
    encoder.forget();
    JsonNode all = select(Map.of("q", "*:*", "fl", "*"));
    assertEquals(before.size(), all.size());
    for (JsonNode document : all) {
      ((com.fasterxml.jackson.databind.node.ObjectNode) document).remove("_version_");
    }
    JsonNode header = update(all.toString());
    assertEquals(before.size() - 3, header.at("/llm2vec/vector/passagesLeftOut").asInt());
    update("{\"commit\":{}}");
    assertEquals(before, select(Map.of("q", "*:*", "fl", "id", "sort", "id asc")));
    assertEquals(List.of("A", "B", "C"), ids(DOCUMENTS));
    assertEquals(List.of(), encoder.texts(), "the texts are the same");
    assertFoundByOwnPassages("A", "B", "C");
    JsonNode nested = select(Map.of("q", DOCUMENTS, "fl", "*,[child limit=-1]"));
    for (JsonNode document : nested) {
      ((com.fasterxml.jackson.databind.node.ObjectNode) document).remove("_version_");
    }
    update(nested.toString());
    update("{\"commit\":{}}");
    assertEquals(before, select(Map.of("q", "*:*", "fl", "id", "sort", "id asc")));
    assertEquals(List.of(), encoder.texts(), "the texts are the same");
  }

  /** As a chain without our processor would, or an older release of it has done. */
  private void removeRootOnly(String id) throws Exception {
    try (SolrCore open = node.container().getCore(CORE)) {
      var writer = open.getSolrCoreState().getIndexWriter(open);
      try {
        writer.get().deleteDocuments(new TermQuery(new Term("id", id)));
      } finally {
        writer.decref();
      }
    }
  }

  private void commitAndMerge(boolean merge) throws Exception {
    update(merge ? "{\"optimize\":{\"maxSegments\":1}}" : "{\"commit\":{}}");
  }

  private void assertGone(String id) throws Exception {
    for (Map<String, String> search : searches("5")) {
      for (JsonNode hit : select(search)) {
        String found = hit.has("passage_parent") ? "passage_parent" : "id";
        assertTrue(!hit.get(found).asText().equals(id), search + " finds " + hit);
      }
    }
  }

  /** Every kind of search over passages. */
  private static List<Map<String, String>> searches(String topK) {
    String f = "f=vector which=$documents v=$qq";
    return List.of(
        search("{!llm2vec topK=" + topK + " " + f + "}"),
        search("{!llm2vec topK=" + topK + " overRequest=3 " + f + "}"),
        search("{!llm2vec topK=" + topK + " preFilter='*:*' " + f + "}"),
        search("{!llm2vec topK=" + topK + " parents.preFilter='*:* -kind_s:none' " + f + "}"),
        search("{!llm2vec minReturn=0 minTraverse=0 " + f + "}"),
        search("{!llm2vecHybrid qf='title text' " + f + "}"),
        search("{!llm2vec f=vector childrenOf=$documents topK=" + topK + " v=$qq}"));
  }

  private static Map<String, String> search(String query) {
    Map<String, String> params = new TreeMap<>();
    params.put("q", query);
    params.put("qq", PASTA);
    params.put("documents", DOCUMENTS);
    params.put(
        "fl", "id,passage_parent,score" + (query.contains("childrenOf") ? "" : ",[passage]"));
    return params;
  }

  /** Exactly these are found, each with the score and the words of its own best passage. */
  private void assertFoundByOwnPassages(String... ids) throws Exception {
    float[] query = encoder.vector(" " + PASTA);
    Map<String, Float> best = new TreeMap<>();
    node.vectors(CORE)
        .forEach(
            (id, vector) -> {
              String parent = id.substring(0, id.indexOf('/'));
              float dot = 0;
              for (int i = 0; i < query.length; i++) {
                dot += query[i] * vector[i];
              }
              best.merge(parent, (1 + dot) / 2, Math::max);
            });
    best.keySet().retainAll(List.of(ids));
    assertEquals(List.of(ids).stream().sorted().toList(), List.copyOf(best.keySet()));
    for (Map<String, String> search : searches("" + ids.length)) {
      JsonNode hits = select(search);
      assertEquals(ids.length, hits.size(), search + " " + hits);
      for (JsonNode hit : hits) {
        if (hit.has("passage_parent")) {
          assertEquals(
              best.get(hit.get("passage_parent").asText()), hit.get("score").floatValue(), 1e-5f);
          continue;
        }
        String id = hit.get("id").asText();
        assertEquals(best.get(id), hit.at("/[passage]/score").floatValue(), 1e-5f, "" + hit);
        assertEquals(id, hit.at("/[passage]/passage_parent").asText(), "" + hit);
        if (!search.get("q").contains("Hybrid")) {
          assertEquals(best.get(id), hit.get("score").floatValue(), 1e-5f, search + " " + hit);
        }
      }
    }
  }

  private List<String> ids(String query) throws Exception {
    return select(Map.of("q", query, "fl", "id", "sort", "id asc")).findValuesAsText("id");
  }

  private JsonNode select(Map<String, String> params) throws Exception {
    Map<String, String> all = new TreeMap<>(params);
    all.put("rows", "100");
    return node.select(CORE, all).at("/response/docs");
  }

  private JsonNode update(String json) throws Exception {
    HttpResponse<String> response = node.update(CORE, "", json);
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body()).get("responseHeader");
  }
}
