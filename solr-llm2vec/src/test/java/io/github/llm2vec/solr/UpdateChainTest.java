/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.solr.common.SolrInputDocument;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What the update chain of the basic example does with a request, seen from outside. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UpdateChainTest {

  private static final int DIMENSIONS = 16;
  private static final Map<String, String> PROPERTIES =
      Map.of("llm2vec.dims", "" + DIMENSIONS, "solr.autoSoftCommit.maxTime", "-1");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
  private SolrNode node;
  private String core;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
    encoder.failFor("poison");
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void nameCore(TestInfo test) {
    core = test.getTestMethod().orElseThrow().getName();
    encoder.forget();
  }

  @Test
  void addsAndDeletesOfOneRequestKeepTheirOrder() throws Exception {
    node.createCore(core, PROPERTIES);
    accept(
        """
        {"add":{"doc":{"id":"1","text":"first"}},
         "add":{"doc":{"id":"2","text":"second"}},
         "delete":"1",
         "add":{"doc":{"id":"3","text":"third"}},
         "delete":{"query":"id:2"},
         "add":{"doc":{"id":"2","text":"second again"}},
         "add":{"doc":{"id":"2","text":"second for good"}},
         "commit":{}}""");
    assertEquals(Map.of("2", "second for good", "3", "third"), indexedWithVectors());
    assertEquals(
        List.of("first", "second", "third", "second again", "second for good"), encoder.texts());
    assertEquals(
        List.of(2, 1, 1, 1),
        encoder.callSizes(),
        "encoded before each delete, and before an id comes again");
  }

  @Test
  void commitInTheMiddleOfARequestShowsWhatCameBefore() throws Exception {
    node.createCore(core, PROPERTIES);
    HttpResponse<String> response =
        node.post(
            "/" + core + "/update",
            "text/xml",
            """
            <update>
              <add><doc><field name="id">1</field><field name="text">before</field></doc></add>
              <commit/>
              <add><doc><field name="id">2</field><field name="text">after</field></doc></add>
            </update>""");
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(Map.of("1", "before"), indexedWithVectors());
    accept("{\"commit\":{}}");
    assertEquals(Map.of("1", "before", "2", "after"), indexedWithVectors());
  }

  @Test
  void refusedDocumentIsNamedAndItsNeighboursAreIndexed() throws Exception {
    node.createCore(core, PROPERTIES);
    HttpResponse<String> response =
        node.update(
            core,
            "commit=true",
            """
            [{"id":"1","text":"good"}, {"id":"2","text":"good"}, {"id":"bad","text":"poison"},
             {"id":"4","text":"good"}]""");
    assertEquals(400, response.statusCode(), response.body());
    JsonNode error = JSON.readTree(response.body()).get("error");
    assertEquals(
        "1 of 4 documents could not be encoded and were not indexed; those beside them were."
            + " document 'bad', field 'vector': this text cannot be encoded",
        error.get("msg").asText());
    // A flat list before Solr 10, a map since.
    assertTrue(
        error.get("metadata").toString().matches(".*\"llm2vec-refused-ids\"[,:]\"bad\".*"),
        error.toString());
    accept("{\"commit\":{}}");
    assertEquals(Map.of("1", "good", "2", "good", "4", "good"), indexedWithVectors());
    assertEquals(List.of(4), encoder.callSizes());
  }

  @Test
  void nothingOfARequestIsEncodedAfterARefusal() throws Exception {
    node.createCore(core, PROPERTIES);
    HttpResponse<String> response =
        node.update(
            core,
            "",
            """
            {"add":{"doc":{"id":"bad","text":"poison"}},
             "delete":"none",
             "add":{"doc":{"id":"2","text":"never read"}}}""");
    assertEquals(400, response.statusCode(), response.body());
    accept("{\"commit\":{}}");
    assertEquals(Map.of(), indexedWithVectors());
    assertEquals(List.of("poison"), encoder.texts());
  }

  @Test
  void skippedDocumentIsIndexedCountedAndFlagged() throws Exception {
    Map<String, String> properties = new TreeMap<>(PROPERTIES);
    properties.put("llm2vec.onError", "skip");
    node.createCore(core, properties);
    JsonNode answer =
        accept(
            """
            [{"id":"1","text":"good"}, {"id":"bad","text":"poison"}, {"id":"3","title":"good"},
             {"id":"4"}]""");
    assertEquals(
        JSON.readTree(
            "{\"vector\":{\"encoded\":2,\"reused\":0,\"forwarded\":1,\"skipped\":1,\"skippedIds\":[\"bad\"]}}"),
        answer.at("/responseHeader/llm2vec"));
    accept("{\"commit\":{}}");
    JsonNode flagged = node.select(core, Map.of("q", "vector_error:*")).at("/response/docs");
    assertEquals(1, flagged.size());
    assertEquals("bad", flagged.get(0).get("id").asText());
    assertEquals("this text cannot be encoded", flagged.get(0).get("vector_error").asText());
    assertEquals(2, indexedWithVectors().size());
  }

  @Test
  void whatWasReadBeforeABrokenStreamIsIndexed() throws Exception {
    node.createCore(core, PROPERTIES);
    HttpResponse<String> response =
        node.update(
            core, "", "[{\"id\":\"1\",\"text\":\"one\"}, {\"id\":\"2\",\"text\":\"two\"}, {\"id");
    assertEquals(400, response.statusCode(), response.body());
    accept("{\"commit\":{}}");
    assertEquals(Map.of("1", "one", "2", "two"), indexedWithVectors());
    assertEquals(1, encoder.calls().size());
  }

  @Test
  void vectorOfTheClientStaysAsItIs() throws Exception {
    node.createCore(core, PROPERTIES);
    String mine = "[1" + ",0".repeat(DIMENSIONS - 1) + "]";
    accept("[{\"id\":\"1\",\"text\":\"words\",\"vector\":" + mine + "}]");
    accept("{\"commit\":{}}");
    assertEquals(List.of(), encoder.texts());
    assertEquals(1f, node.vectors(core).get("1")[0]);
  }

  @Test
  void documentWithoutTextIsIndexedWithoutVector() throws Exception {
    node.createCore(core, PROPERTIES);
    accept("[{\"id\":\"1\",\"text\":\" \"}, {\"id\":\"2\"}]");
    accept("{\"commit\":{}}");
    assertEquals(List.of(), encoder.texts());
    assertEquals(2, node.select(core, Map.of("q", "*:*")).at("/response/numFound").asInt());
    assertEquals(Map.of(), indexedWithVectors());
  }

  @Test
  void bufferIsBoundedByDocumentsAndByTokens() throws Exception {
    node.createCore(
        core,
        PROPERTIES,
        Map.of(
            "<str name=\"onError\">",
            "<int name=\"maxBufferedDocuments\">3</int>"
                + "<int name=\"maxBufferedTokens\">30</int><str name=\"onError\">"));
    String longText = "long ".repeat(40);
    List<Map<String, String>> documents = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      documents.add(Map.of("id", "" + i, "text", i == 4 ? longText : "short"));
    }
    accept(JSON.writeValueAsString(documents));
    assertEquals(List.of(3, 1, 1, 3), encoder.callSizes());
  }

  @Test
  void streamingClientDoesNotMakeBatchesOfOne() throws Exception {
    node.createCore(core, PROPERTIES);
    List<SolrInputDocument> documents = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      documents.add(new SolrInputDocument("id", "" + i, "text", "text " + i));
    }
    TestRelease.stream(node.url(), core, documents);
    accept("{\"commit\":{}}");
    assertEquals(60, indexedWithVectors().size());
    assertEquals(60, encoder.texts().size());
    assertTrue(encoder.calls().size() < 30, encoder.calls().size() + " calls");
  }

  @Test
  void tolerantProcessorInFrontIsToldWhichDocumentsAreRefused() throws Exception {
    node.createCore(
        core,
        PROPERTIES,
        Map.of(
            "<processor class=\"solr.LogUpdateProcessorFactory\"/>",
            "<processor class=\"solr.TolerantUpdateProcessorFactory\"/>",
            "<str name=\"onError\">",
            "<int name=\"maxBufferedDocuments\">2</int><str name=\"onError\">"));
    JsonNode answer =
        accept(
            """
            [{"id":"bad","text":"poison"}, {"id":"2","text":"good"}, {"id":"3","text":"good"},
             {"id":"wrong","text":"good","year_i":"no number"}, {"id":"5","text":"good"}]""");
    JsonNode errors = answer.at("/responseHeader/errors");
    assertEquals(2, errors.size(), errors.toString());
    assertEquals("bad", errors.get(0).get("id").asText());
    assertEquals(
        "document 'bad', field 'vector': this text cannot be encoded",
        errors.get(0).get("message").asText());
    assertEquals("wrong", errors.get(1).get("id").asText());
    accept("{\"commit\":{}}");
    assertEquals(Set.of("2", "3", "5"), indexedWithVectors().keySet());
  }

  @Test
  void severalProcessorsFillSeveralFields() throws Exception {
    String processor = "<processor class=\"io.github.llm2vec.solr.Llm2VecUpdateProcessorFactory\">";
    node.createCore(
        core,
        PROPERTIES,
        Map.of(
            processor,
            processor
                + "<str name=\"model\">default</str><str name=\"source\">title</str>"
                + "<str name=\"vector\">title_vector</str></processor>"
                + processor,
            "<field name=\"vector_error\"",
            "<field name=\"title_vector\" type=\"vector\" stored=\"false\"/>"
                + "<field name=\"title_vector_copy\" type=\"binary\" indexed=\"false\"/>"
                + "<field name=\"vector_error\""));
    JsonNode answer =
        accept(
            "[{\"id\":\"1\",\"title\":\"a title\",\"text\":\"a text\"}, {\"id\":\"2\",\"text\":\"two\"}]");
    assertEquals(List.of("a title", "a title a text", "two"), encoder.texts());
    assertEquals(1, answer.at("/responseHeader/llm2vec/title_vector/encoded").asInt());
    assertEquals(2, answer.at("/responseHeader/llm2vec/vector/encoded").asInt());
    accept("{\"commit\":{}}");
    JsonNode nearest = node.select(core, Map.of("q", "{!llm2vec f=title_vector topK=1}a title"));
    assertEquals(1.0, nearest.at("/response/docs/0/score").asDouble(), 1e-5);
  }

  @Test
  void wrongWidthInTheSchemaIsRefusedWithBothNumbers() throws Exception {
    node.createCore(core, Map.of("llm2vec.dims", "32"));
    HttpResponse<String> response = node.update(core, "", "[{\"id\":\"1\",\"text\":\"words\"}]");
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(
        response.body().contains("vectorDimension=32 but model 'default' gives vectors of 16"),
        response.body());
    assertFalse(encoder.texts().contains("words"));
  }

  private JsonNode accept(String json) throws Exception {
    HttpResponse<String> response = node.update(core, "", json);
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body());
  }

  /** Text by id of the documents that have the vector of their text. */
  private Map<String, String> indexedWithVectors() throws Exception {
    Map<String, String> texts = new TreeMap<>();
    Map<String, float[]> vectors = node.vectors(core);
    JsonNode found =
        node.select(core, Map.of("q", "*:*", "fl", "id,text,title", "rows", 999))
            .at("/response/docs");
    for (JsonNode document : found) {
      String id = document.get("id").asText();
      if (vectors.containsKey(id)) {
        String text = document.path("text").asText(document.path("title").asText());
        assertArrayEquals(encoder.vector(" " + text), vectors.get(id), text);
        texts.put(id, text);
      }
    }
    return texts;
  }
}
