/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.Prompt;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code {!llm2vec}} against Solr's own {@code {!knn}} with the vector written out. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QueryParserTest {

  private static final int DIMENSIONS = 64;
  private static final String CORE = "papers";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
  private SolrNode node;
  private String question;

  @BeforeAll
  void index(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
    node.createCore(
        CORE,
        Map.of("llm2vec.dims", "" + DIMENSIONS),
        Map.of(
            "<field name=\"vector_error\"",
            "<fieldType name=\"bytes\" class=\"solr.DenseVectorField\" vectorDimension=\"64\""
                + " vectorEncoding=\"BYTE\"/><field name=\"bytes\" type=\"bytes\"/>"
                + "<fieldType name=\"narrow\" class=\"solr.DenseVectorField\""
                + " vectorDimension=\"8\"/><field name=\"narrow\" type=\"narrow\"/>"
                + "<field name=\"vector_error\""));
    List<Map<String, Object>> documents = new ArrayList<>();
    for (SciFact.Abstract paper : SciFact.documents()) {
      documents.add(
          Map.of(
              "id", paper.id(),
              "title", paper.title(),
              "text", paper.text(),
              "half_i", documents.size() % 2));
    }
    HttpResponse<String> response =
        node.update(CORE, "commit=true", JSON.writeValueAsString(documents));
    assertEquals(200, response.statusCode(), response.body());
    question = SciFact.queries().get(1);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void forget() {
    encoder.forget();
  }

  @Test
  void mainQuery() throws Exception {
    assertSame(Map.of("q", "{!PARSER f=vector topK=7 v=$qq}"), 7);
  }

  @Test
  void textAfterTheBrace() throws Exception {
    JsonNode written = node.select(CORE, Map.of("q", "{!llm2vec f=vector topK=7}" + question));
    JsonNode referred =
        node.select(CORE, Map.of("q", "{!llm2vec f=vector topK=7 v=$qq}", "qq", question));
    assertEquals(hits(referred), hits(written));
  }

  @Test
  void filtersOfTheRequestAreAppliedWhileSearching() throws Exception {
    assertSame(Map.of("q", "{!PARSER f=vector topK=7 v=$qq}", "fq", "half_i:1"), 7);
  }

  @Test
  void tagsChooseFilters() throws Exception {
    assertSame(
        Map.of("q", "{!PARSER f=vector topK=7 excludeTags=h v=$qq}", "fq", "{!tag=h}half_i:1"), -1);
    assertSame(
        Map.of("q", "{!PARSER f=vector topK=7 includeTags=h v=$qq}", "fq", "{!tag=h}half_i:1"), 7);
  }

  @Test
  void filterOfItsOwn() throws Exception {
    assertSame(Map.of("q", "{!PARSER f=vector topK=7 preFilter=$pf v=$qq}", "pf", "half_i:0"), 7);
  }

  @Test
  void asFilter() throws Exception {
    assertSame(Map.of("q", "*:*", "fq", "{!PARSER f=vector topK=7 v=$qq}", "sort", "id asc"), 7);
  }

  @Test
  void insideABooleanQuery() throws Exception {
    assertSame(
        Map.of(
            "q", "{!bool should=$lex should=$near}",
            "lex", "genome",
            "near", "{!PARSER f=vector topK=7 v=$qq}",
            "fq", "half_i:1"),
        -1);
  }

  @Test
  void asRerankQuery() throws Exception {
    assertSame(
        Map.of(
            "q", "half_i:1",
            "rq", "{!rerank reRankQuery=$near reRankDocs=100 reRankWeight=3}",
            "near", "{!PARSER f=vector topK=50 v=$qq}"),
        100);
  }

  @Test
  void asDefaultType() throws Exception {
    JsonNode found =
        node.select(CORE, Map.of("q", question, "defType", "llm2vec", "f", "vector", "topK", "7"));
    JsonNode expected =
        node.select(CORE, Map.of("q", "{!llm2vec f=vector topK=7 v=$qq}", "qq", question));
    assertEquals(hits(expected), hits(found));
  }

  @Test
  void repeatedQueriesAreEncodedOnceForTheNodeAndPrompt() throws Exception {
    String fresh = "a question nobody asked before";
    for (int start = 0; start < 3; start++) {
      node.select(CORE, Map.of("q", "{!llm2vec f=vector v=$qq}", "qq", fresh, "start", "" + start));
    }
    assertEquals(List.of(List.of(fresh)), encoder.calls());
    assertEquals(List.of(Prompt.query()), encoder.prompts());
  }

  @Test
  void instructionReachesTheModel() throws Exception {
    JsonNode plain =
        node.select(CORE, Map.of("q", "{!llm2vec f=vector topK=7 v=$qq}", "qq", question));
    encoder.forget();
    JsonNode instructed =
        node.select(
            CORE,
            Map.of(
                "q", "{!llm2vec f=vector topK=7 instruction=$in v=$qq}",
                "in", "Find the cancer paper:",
                "qq", question));
    assertEquals(List.of(Prompt.query("Find the cancer paper:")), encoder.prompts());
    assertNotEquals(hits(plain), hits(instructed));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {!llm2vec v=$qq}                        | parameter 'f' is missing
          {!llm2vec f=vector v=$none}             | the text to search for is empty
          {!llm2vec f=vector}                     | the text to search for is empty
          {!llm2vec f=wector v=$qq}               | the schema has no field 'wector'
          {!llm2vec f=text v=$qq}                 | field 'text' is of type 'text_en'
          {!llm2vec f=bytes v=$qq}                | field 'bytes' has vectorEncoding=BYTE
          {!llm2vec f=narrow v=$qq}               | vectorDimension=8 but model 'default' gives vectors of 64
          {!llm2vec f=vector model=defualt v=$qq} | did you mean 'default'?
          """)
  void whatCannotBeSearchedIsRefusedWithAReason(String query, String reason) throws Exception {
    HttpResponse<String> response = node.trySelect(CORE, Map.of("q", query, "qq", question));
    assertEquals(400, response.statusCode(), response.body());
    String message = JSON.readTree(response.body()).at("/error/msg").asText();
    assertTrue(message.contains(reason.strip()), message);
  }

  @Test
  void queryThatTheModelRefusesIsABadRequest() throws Exception {
    encoder.failFor("poisonous question");
    HttpResponse<String> response =
        node.trySelect(CORE, Map.of("q", "{!llm2vec f=vector}poisonous question"));
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(
        response
            .body()
            .contains("model 'default' cannot encode the query: this text cannot be encoded"));
  }

  /** The same request with our parser and with knn gives the same documents and scores. */
  private void assertSame(Map<String, String> params, int count) throws Exception {
    float[] vector = encoder.vector(" " + question);
    // Solr's own beam is topK, ours is wider.
    Map<String, String> narrow = new TreeMap<>();
    params.forEach(
        (name, value) ->
            narrow.put(name, value.replaceAll("(PARSER .*topK=)(\\d+)", "$1$2 efSearch=$2")));
    JsonNode ours = node.select(CORE, with(narrow, "llm2vec", question));
    JsonNode theirs = node.select(CORE, with(params, "knn", JSON.valueToTree(vector).toString()));
    assertEquals(hits(theirs), hits(ours));
    if (count >= 0) {
      assertEquals(count, ours.at("/response/numFound").asInt());
    }
  }

  private static Map<String, String> with(Map<String, String> params, String parser, String v) {
    Map<String, String> changed = new TreeMap<>();
    params.forEach((name, value) -> changed.put(name, value.replace("PARSER", parser)));
    changed.put("qq", v);
    return changed;
  }

  private static JsonNode hits(JsonNode response) {
    ArrayNode hits = JSON.createArrayNode();
    for (JsonNode document : response.at("/response/docs")) {
      hits.add(((ObjectNode) document).retain("id", "score"));
    }
    return hits;
  }
}
