/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Throwables;
import io.github.llm2vec.solr.SearchHits.Hit;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.util.Version;
import org.apache.solr.common.SolrException;
import org.apache.solr.core.SolrCore;
import org.apache.solr.search.QueryLimit;
import org.apache.solr.util.TestInjection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code {!llm2vec}} can do beyond {@code {!knn}}, on float and on quantised vectors. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TunedQueryTest {

  private static final int DIMENSIONS = 1100;
  private static final String FLOATS = "floats";
  private static final String INT4 = "int4";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
  private SolrNode node;
  private List<SciFact.Abstract> papers;
  private String question;

  @BeforeAll
  void index(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
    papers = SciFact.documents();
    question = SciFact.queries().get(3);
    node.createCore(FLOATS, Map.of("llm2vec.dims", "" + DIMENSIONS));
    node.createCore(
        INT4,
        SolrNode.example("cloud-quantised"),
        Map.of("llm2vec.dims", "" + DIMENSIONS, "llm2vec.quantization", "int4"),
        Map.of(
            "vectorDimension=\"${llm2vec.dims:4096}\"",
            "vectorDimension=\"${llm2vec.dims:4096}\" hnswMaxConnections=\"24\""
                + " hnswBeamWidth=\"60\""));
    List<Map<String, Object>> documents = new ArrayList<>();
    for (SciFact.Abstract paper : papers) {
      documents.add(
          Map.of(
              "id", paper.id(),
              "title", paper.title(),
              "text", paper.text(),
              "half_i", documents.size() % 2));
    }
    for (String core : List.of(FLOATS, INT4)) {
      HttpResponse<String> response =
          node.update(core, "commit=true", JSON.writeValueAsString(documents));
      assertEquals(200, response.statusCode(), response.body());
    }
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void forget() {
    encoder.forget();
  }

  @AfterEach
  void liftLimits() {
    TestInjection.queryTimeout = null;
  }

  @Test
  void wideBeamAndExactScoresFindTheTrueNeighboursInQuantisedVectors() throws Exception {
    for (String query : SciFact.queries()) {
      List<Hit> hits = search(INT4, "topK=10 efSearch=200 overRequest=20", query);
      List<Hit> expected = SearchHits.nearest(encoder, query, papers, 10);
      assertEquals(SearchHits.ids(expected), SearchHits.ids(hits), query);
      for (int i = 0; i < 10; i++) {
        assertEquals(expected.get(i).score(), hits.get(i).score(), 1e-6);
      }
    }
  }

  @Test
  void withoutOverRequestScoresAreThoseOfTheQuantisedVectors() throws Exception {
    List<Hit> raw = search(INT4, "topK=10 efSearch=200 overRequest=1", question);
    assertEquals(knn(INT4, "topK=200", "").subList(0, 10), raw);
    assertNotEquals(SearchHits.nearest(encoder, question, papers, 10), raw);
  }

  @Test
  void defaultsOfTheParserDoNotForbidALargeTopK() throws Exception {
    assertEquals(150, search(INT4, "topK=150", question).size());
  }

  @Test
  void beamOfTopKIsWhatSolrDoes() throws Exception {
    for (String filter : List.of("", "half_i:1")) {
      List<Hit> solrs = knn(FLOATS, "topK=7", filter);
      assertEquals(7, solrs.size());
      assertEquals(solrs, search(FLOATS, "topK=7 efSearch=7", question, filter));
      assertEquals(solrs, search(FLOATS, "topK=7 efSearchScaleFactor=1", question, filter));
    }
  }

  @Test
  void theDefaultBeamIsTwiceTopKAndAtLeastTwoHundred() throws Exception {
    for (String query : SciFact.queries()) {
      assertEquals(search(FLOATS, "topK=10 efSearch=200", query), search(FLOATS, "topK=10", query));
      assertEquals(
          search(FLOATS, "topK=110 efSearch=220", query), search(FLOATS, "topK=110", query));
    }
  }

  @Test
  void wideBeamKeepsSolrsFilters() throws Exception {
    List<Hit> odd =
        SearchHits.nearest(encoder, question, papers, 200).stream()
            .filter(hit -> half(hit.id()) == 1)
            .limit(7)
            .toList();
    for (String parameters :
        List.of("efSearch=100", "efSearchScaleFactor=14.5", "efSearch=100 preFilter='half_i:1'")) {
      List<Hit> hits = search(FLOATS, "topK=7 " + parameters, question, "half_i:1");
      assertEquals(SearchHits.ids(odd), SearchHits.ids(hits), parameters);
    }
    assertTrue(search(FLOATS, "topK=7 efSearch=100", question, "half_i:1").size() == 7);
    List<Hit> excluded =
        search(FLOATS, "topK=7 efSearch=100 excludeTags=h", question, "{!tag=h}half_i:1");
    assertTrue(excluded.size() < 7, "the filter is applied afterwards: " + excluded);
  }

  @Test
  void thresholdIsSolrsOwn() throws Exception {
    float least = SearchHits.nearest(encoder, question, papers, 12).get(11).score() - 1e-6f;
    String parameters = "minReturn=%s minTraverse=%s".formatted(least, least - 0.1f);
    Map<String, String> solrs = new TreeMap<>();
    solrs.put("q", "{!vectorSimilarity f=vector " + parameters + " v=$qq}");
    solrs.put("qq", written());
    solrs.put("rows", "100");
    List<Hit> expected = SearchHits.of(node.select(FLOATS, solrs));
    assertEquals(12, expected.size());
    assertEquals(expected, search(FLOATS, parameters, question));
  }

  @Test
  void queryInJson() throws Exception {
    HttpResponse<String> response =
        node.post(
            "/" + FLOATS + "/select",
            "application/json",
            JSON.writeValueAsString(
                Map.of(
                    "query",
                    Map.of(
                        "llm2vec",
                        Map.of("f", "vector", "topK", 7, "efSearch", 100, "query", question)))));
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(
        search(FLOATS, "topK=7 efSearch=100", question),
        SearchHits.of(JSON.readTree(response.body())));
  }

  @Test
  void explanationTellsTheRank() throws Exception {
    JsonNode response =
        node.select(
            FLOATS,
            Map.of(
                "q", "{!llm2vec f=vector topK=7 efSearch=100 v=$qq}",
                "qq", question,
                "debug", "results"));
    List<Hit> hits = SearchHits.of(response);
    for (int i = 0; i < 7; i++) {
      String explanation = response.at("/debug/explain/" + hits.get(i).id()).asText();
      assertTrue(
          explanation.contains("rank %d of the 7 nearest by field 'vector'".formatted(i + 1)),
          explanation);
    }
  }

  @Test
  void noTimeMeansNoEncodingAndNoHits() throws Exception {
    // In the URL: Solr sets its clock before it reads a body.
    HttpResponse<String> answer =
        node.get("/" + FLOATS + "/select?timeAllowed=0&q=%7B!llm2vec%20f=vector%7Dunasked");
    JsonNode response = JSON.readTree(answer.body());
    assertTrue(response.at("/responseHeader/partialResults").asBoolean(), answer.body());
    assertEquals(0, response.at("/response/numFound").asInt());
    assertEquals(List.of(), encoder.calls());
  }

  @Test
  void timeThatIsOverAfterEncodingMeansNoHits() throws Exception {
    TestInjection.queryTimeout = limit(() -> !encoder.calls().isEmpty());
    JsonNode response = partial("a question that takes long to encode", Map.of());
    assertEquals(0, response.at("/response/numFound").asInt());
    assertEquals(1, encoder.calls().size());
    encoder.forget();
    HttpResponse<String> none =
        node.get("/" + FLOATS + "/select?partialResults=false&q=%7B!llm2vec%20f=vector%7Danother");
    JsonNode omitted = JSON.readTree(none.body());
    assertEquals("omitted", omitted.at("/responseHeader/partialResults").asText(), none.body());
    assertEquals(1, encoder.calls().size());
  }

  @Test
  void timeThatIsOverWhileSearchingEndsTheSearch() throws Exception {
    TestInjection.queryTimeout =
        limit(
            () ->
                StackWalker.getInstance()
                    .walk(
                        frames ->
                            frames.anyMatch(
                                frame -> frame.getClassName().contains("TimeLimitingKnn"))));
    for (String parameters : List.of("topK=7", "topK=7 efSearch=100")) {
      JsonNode response = partial("a question about " + parameters, Map.of("params", parameters));
      assertTrue(response.at("/response/numFound").asInt() < 7, response.toString());
    }
  }

  private JsonNode partial(String query, Map<String, String> params) throws Exception {
    Map<String, String> all = new TreeMap<>(params);
    all.put("q", "{!llm2vec f=vector " + params.getOrDefault("params", "") + " v=$qq}");
    all.put("qq", query);
    JsonNode response = node.select(FLOATS, all);
    assertTrue(response.at("/responseHeader/partialResults").asBoolean(), response.toString());
    return response;
  }

  private interface Over {
    boolean test();
  }

  private static QueryLimit limit(Over over) {
    return new QueryLimit() {
      @Override
      public boolean shouldExit() {
        return over.test();
      }

      @Override
      public Object currentValue() {
        return "a limit of this test";
      }
    };
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          topK=10 efSearch=9              | efSearch must be at least topK = 10, got 9
          efSearch=0                      | efSearch must be at least 1, got 0
          overRequest=-1                  | overRequest must be at least 1, got -1
          efSearchScaleFactor=0.5         | efSearchScaleFactor must be at least 1, got 0.5
          minReturn=0.5 topK=10           | topK does not go with minReturn
          minTraverse=0.5                 | minReturn is required
          minReturn=0.5 seedQuery='*:*'   | seedQuery
          which='*:*' patience=3          | patience
          parents.preFilter='half_i:1'    | parents.preFilter needs which or childrenOf
          which='*:*' childrenOf='*:*'    | leave one out
          dimensions=64                   | dimensions=64, but field 'vector' has vectorDimension=1100
          dimensions=all                  | dimensions must be a whole number, got 'all'
          """)
  void whatDoesNotGoTogetherIsRefused(String parameters, String message) throws Exception {
    HttpResponse<String> response =
        node.trySelect(
            FLOATS, Map.of("q", "{!llm2vec f=vector " + parameters + " v=$qq}", "qq", question));
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(response.body().contains(message), response.body());
  }

  @Test
  void whatThisSolrLacksIsRefused() throws Exception {
    boolean solr10 = Version.LATEST.major >= 10;
    HttpResponse<String> seeds =
        node.trySelect(FLOATS, Map.of("q", "{!llm2vec f=vector seedQuery='*:*' v=a}"));
    assertEquals(solr10 ? 200 : 400, seeds.statusCode(), seeds.body());
    assertEquals(!solr10, seeds.body().contains("seedQuery is a parameter of Solr 10"));

    Executable create =
        () ->
            node.createCore(
                "binary",
                SolrNode.example("cloud-quantised"),
                Map.of("llm2vec.dims", "24", "llm2vec.quantization", "binary"),
                Map.of());
    if (solr10) {
      assertDoesNotThrow(create);
    } else {
      Throwable refused = assertThrows(SolrException.class, create);
      assertTrue(
          Throwables.getRootCause(refused).getMessage().contains("has no format for BINARY"));
    }
  }

  @Test
  void codecFactoryQuantisesAndKeepsTheGraphOfTheFieldType() throws Exception {
    assertTrue(format(INT4).contains("ScalarQuantized"), format(INT4));
    assertFalse(format(FLOATS).contains("Quantized"), format(FLOATS));
    try (SolrCore core = node.container().getCore(INT4)) {
      PerFieldKnnVectorsFormat formats =
          (PerFieldKnnVectorsFormat) core.getCodec().knnVectorsFormat();
      String vector = formats.getKnnVectorsFormatForField("vector").toString();
      assertTrue(vector.contains("maxConn=24, beamWidth=60"), vector);
      assertTrue(vector.contains("bits=4"), vector);
      assertTrue(vector.contains("maxDimensions=" + DIMENSIONS), vector);
    }
  }

  /** The format that the index itself names. */
  private String format(String name) throws Exception {
    try (SolrCore core = node.container().getCore(name)) {
      return core.withSearcher(
          searcher -> {
            StringBuilder found = new StringBuilder();
            for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
              FieldInfo field = leaf.reader().getFieldInfos().fieldInfo("vector");
              found.append(field.getAttribute(PerFieldKnnVectorsFormat.PER_FIELD_FORMAT_KEY));
            }
            return found.toString();
          });
    }
  }

  private int half(String id) {
    for (int i = 0; i < papers.size(); i++) {
      if (papers.get(i).id().equals(id)) {
        return i % 2;
      }
    }
    throw new IllegalArgumentException(id);
  }

  private List<Hit> search(String core, String parameters, String text) throws Exception {
    return search(core, parameters, text, "");
  }

  private List<Hit> search(String core, String parameters, String text, String filter)
      throws Exception {
    return SearchHits.of(
        node.select(
            core,
            Map.of(
                "q",
                "{!llm2vec f=vector " + parameters + " v=$qq}",
                "qq",
                text,
                "fq",
                filter,
                "rows",
                "200")));
  }

  private List<Hit> knn(String core, String parameters, String filter) throws Exception {
    return SearchHits.of(
        node.select(
            core,
            Map.of(
                "q",
                "{!knn f=vector " + parameters + " v=$qq}",
                "qq",
                written(),
                "fq",
                filter,
                "rows",
                "200")));
  }

  private String written() {
    return JSON.valueToTree(encoder.vector(" " + question)).toString();
  }
}
