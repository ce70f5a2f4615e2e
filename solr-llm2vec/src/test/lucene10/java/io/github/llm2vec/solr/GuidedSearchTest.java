/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Throwables;
import io.github.llm2vec.solr.SearchHits.Hit;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.MapSolrParams;
import org.apache.solr.core.SolrCore;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.request.SolrQueryRequestBase;
import org.apache.solr.search.QParser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Solr 10 brings: its quantised field types, and parameters of {@code {!knn}} that guide the
 * walk through the graph. The cores give the parser a beam and exact scores as defaults.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GuidedSearchTest {

  private static final int DIMENSIONS = 256;
  private static final String PLAIN = "solr.DenseVectorField";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Cores by what their field of vectors is. */
  private static final Map<String, String> TYPES =
      Map.of(
          "int4",
          PLAIN + "\" hnswM=\"24\" hnswEfConstruction=\"60",
          "binary",
          PLAIN,
          "solrs_scalar",
          "solr.ScalarQuantizedDenseVectorField\" bits=\"7",
          "solrs_binary",
          "solr.BinaryQuantizedDenseVectorField\" hnswM=\"24");

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
  private List<SciFact.Abstract> papers;
  private String question;
  private SolrNode node;

  @BeforeAll
  void index(@TempDir Path home) throws Exception {
    papers = SciFact.documents();
    question = SciFact.queries().get(3);
    node = SolrNode.start(home, model -> encoder.service());
    String documents =
        JSON.writeValueAsString(
            papers.stream()
                .map(p -> Map.of("id", p.id(), "title", p.title(), "text", p.text()))
                .toList());
    for (Map.Entry<String, String> core : TYPES.entrySet()) {
      create(core.getKey(), core.getValue(), Map.of());
      HttpResponse<String> response = node.update(core.getKey(), "commit=true", documents);
      assertEquals(200, response.statusCode(), response.body());
    }
  }

  private void create(String name, String type, Map<String, String> changes) throws Exception {
    Map<String, String> properties =
        Map.of(
            "llm2vec.dims",
            "" + DIMENSIONS,
            "llm2vec.quantization",
            name.equals("binary") ? name : "int4");
    Map<String, String> all = new HashMap<>(changes);
    all.put(PLAIN, type);
    node.createCore(name, SolrNode.example("cloud-quantised"), properties, all);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @ParameterizedTest
  @CsvSource({
    "int4, Lucene99HnswScalarQuantizedVectorsFormat, 'maxConn=24, beamWidth=60'",
    "binary, Lucene102HnswBinaryQuantizedVectorsFormat, maxConn=16",
    "solrs_scalar, Lucene99HnswScalarQuantizedVectorsFormat, ",
    "solrs_binary, Lucene102HnswBinaryQuantizedVectorsFormat, ",
  })
  void typesOfSolrKeepTheirFormat(String core, String format, String part) throws Exception {
    try (SolrCore open = node.container().getCore(core)) {
      String written =
          open.withSearcher(
              searcher ->
                  searcher
                      .getSlowAtomicReader()
                      .getFieldInfos()
                      .fieldInfo("vector")
                      .getAttribute(PerFieldKnnVectorsFormat.PER_FIELD_FORMAT_KEY));
      assertEquals(format, written);
      String chosen =
          ((PerFieldKnnVectorsFormat) open.getCodec().knnVectorsFormat())
              .getKnnVectorsFormatForField("vector")
              .toString();
      assertEquals(part != null, chosen.startsWith("WideVectorsFormat"), chosen);
      assertTrue(part == null || chosen.contains(part), chosen);
    }
  }

  @Test
  void vectorsThatClientsSendAsArraysAreKept() throws Exception {
    create("arrays", PLAIN, Map.of());
    float[] own = encoder.vector("a vector of the client's own");
    double[] same = new double[own.length];
    for (int i = 0; i < own.length; i++) {
      same[i] = own[i];
    }
    try (SolrClient client = TestRelease.client(node.url())) {
      for (Object sent : List.of(own, same, Map.of("set", own))) {
        String id = sent.getClass().getSimpleName();
        SolrInputDocument document = new SolrInputDocument("id", id, "text", "else");
        document.setField("vector", sent);
        client.add("arrays", document);
      }
      // An atomic update of another field leaves them alone.
      SolrInputDocument change = new SolrInputDocument("id", "float[]");
      change.setField("year_i", Map.of("set", 1999));
      client.add("arrays", change);
      client.commit("arrays");
    }
    Map<String, float[]> vectors = node.vectors("arrays");
    assertEquals(3, vectors.size());
    vectors.forEach((id, vector) -> assertArrayEquals(own, vector, id));
  }

  @Test
  void typeOfSolrIsNotToBeNamedInTheCodecFactory() {
    SolrException refused =
        assertThrows(
            SolrException.class,
            () ->
                create(
                    "named",
                    TYPES.get("solrs_binary"),
                    Map.of(
                        "</codecFactory>",
                        "<lst name=\"fields\"><str name=\"vector\">int8</str></lst></codecFactory>")));
    String message = Throwables.getRootCause(refused).getMessage();
    assertTrue(message.contains("solr.BinaryQuantizedDenseVectorField chooses the format itself"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "seedQuery='text:cell'",
        "filteredSearchThreshold=60",
        "filteredSearchThreshold=0 seedQuery=$seeds",
        "efSearchScaleFactor=20 seedQuery='text:cell'",
      })
  void guidedWalkOverEverythingFindsTheTrueNeighbours(String guidance) throws Exception {
    List<Hit> expected = SearchHits.nearest(encoder, question, papers, 10);
    for (String core : TYPES.keySet()) {
      String beam = guidance.contains("Scale") ? "" : "efSearch=200 ";
      List<Hit> hits = search(core, "topK=10 overRequest=20 " + beam + guidance);
      assertEquals(SearchHits.ids(expected), SearchHits.ids(hits), core);
      for (int i = 0; i < hits.size(); i++) {
        assertEquals(expected.get(i).score(), hits.get(i).score(), 1e-6f, core);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          earlyTermination=true                   | PatienceKnnVectorQuery{saturationThreshold=0.995, patience=60
          saturationThreshold=0.9 patience=7      | PatienceKnnVectorQuery{saturationThreshold=0.9, patience=7
          seedQuery='text:cell'                   | SeededKnnVectorQuery{seed=text:cell
          seedQuery=$seeds earlyTermination=true  | delegate=SeededKnnVectorQuery{seed=text:dna
          filteredSearchThreshold=60              | SolrKnnFloatVectorQuery:vector
          efSearchScaleFactor=4                   | KnnOptions[k=5, efSearch=25
          """)
  void guidanceGoesWithTheDefaultsOfTheParser(String guidance, String walk) throws Exception {
    List<Hit> all = SearchHits.nearest(encoder, question, papers, papers.size());
    for (String core : TYPES.keySet()) {
      String searched = searched(core, "topK=5 " + guidance);
      assertTrue(searched.contains(walk), searched);
      List<Hit> hits = search(core, "topK=5 " + guidance);
      assertEquals(5, hits.size(), core);
      for (Hit hit : hits) {
        Hit exact = all.stream().filter(h -> h.id().equals(hit.id())).findFirst().orElseThrow();
        assertEquals(exact.score(), hit.score(), 1e-6f, core);
      }
    }
  }

  /** The search that is made of a query, in words. */
  private String searched(String core, String parameters) throws Exception {
    Map<String, String> params = params(parameters, Map.of());
    List<String> leaves = new ArrayList<>();
    try (SolrCore open = node.container().getCore(core);
        SolrQueryRequest request = new SolrQueryRequestBase(open, new MapSolrParams(params)) {}) {
      QParser.getParser(params.get("q"), request)
          .getQuery()
          .visit(
              new QueryVisitor() {
                @Override
                public void visitLeaf(Query query) {
                  leaves.add(query.toString());
                }
              });
    }
    return leaves.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"unified", "original", "fastVector"})
  void highlightingOfVectorsFindsNothingToMark(String method) throws Exception {
    for (String parameters : List.of("topK=5", "topK=5 seedQuery='text:cell'")) {
      JsonNode response =
          respond(
              "int4",
              parameters,
              Map.of("hl", "true", "hl.fl", "text", "hl.method", method, "rows", "5"));
      assertEquals(5, response.get("highlighting").size());
    }
  }

  private List<Hit> search(String core, String parameters) throws Exception {
    return SearchHits.of(respond(core, parameters, Map.of()));
  }

  private JsonNode respond(String core, String parameters, Map<String, String> more)
      throws Exception {
    return node.select(core, params(parameters, more));
  }

  private Map<String, String> params(String parameters, Map<String, String> more) {
    Map<String, String> params = new HashMap<>(more);
    params.put("q", "{!llm2vec f=vector " + parameters + " v=$qq}");
    params.put("qq", question);
    params.put("seeds", "text:dna");
    params.putIfAbsent("rows", "200");
    return params;
  }
}
