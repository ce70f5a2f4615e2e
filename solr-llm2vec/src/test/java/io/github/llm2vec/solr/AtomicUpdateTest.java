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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Updates of parts of a document never leave a vector that does not fit the text, where vectors are
 * stored and not copied.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AtomicUpdateTest {

  private static final int DIMENSIONS = 16;
  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "" + DIMENSIONS);
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
  }

  private void index(Map<String, String> properties) throws Exception {
    node.createCore(core, properties, SolrNode.STORED_VECTORS);
    accept("[{\"id\":\"1\",\"title\":\"old title\",\"text\":\"old text\",\"year_i\":1999}]");
    encoder.forget();
  }

  @Test
  void updateOfAnotherFieldKeepsTheVector() throws Exception {
    index(PROPERTIES);
    accept("[{\"id\":\"1\",\"year_i\":{\"set\":2001}}]");
    assertVector("old title old text");
    assertEquals(List.of(), encoder.texts());
  }

  @Test
  void inPlaceUpdateKeepsTheVector() throws Exception {
    Map<String, String> changes = new TreeMap<>(SolrNode.STORED_VECTORS);
    changes.put(
        "<dynamicField name=\"*_s\"",
        "<field name=\"clicks\" type=\"plong\" indexed=\"false\" stored=\"false\"/>"
            + "<dynamicField name=\"*_s\"");
    node.createCore(core, PROPERTIES, changes);
    accept("[{\"id\":\"1\",\"title\":\"old title\",\"text\":\"old text\",\"clicks\":1}]");
    accept("[{\"id\":\"1\",\"clicks\":{\"inc\":1}}]");
    assertVector("old title old text");
    assertEquals(2, document("id,clicks").get("clicks").asInt());
  }

  @Test
  void updateThatSetsAllSourcesGetsAFreshVector() throws Exception {
    index(PROPERTIES);
    accept("[{\"id\":\"1\",\"title\":{\"set\":\"new title\"},\"text\":{\"set\":\"new text\"}}]");
    assertVector("new title new text");
    assertEquals(1999, document("year_i").get("year_i").asInt());
  }

  @Test
  void updateThatSetsOneSourceAndRemovesTheOtherGetsAFreshVector() throws Exception {
    index(PROPERTIES);
    accept("[{\"id\":\"1\",\"title\":{\"set\":null},\"text\":{\"set\":\"only text\"}}]");
    assertVector("only text");
  }

  @Test
  void updateThatRemovesAllSourcesRemovesTheVector() throws Exception {
    index(PROPERTIES);
    accept("[{\"id\":\"1\",\"title\":{\"set\":null},\"text\":{\"set\":null}}]");
    JsonNode left = document("id,title,text,vector,year_i");
    assertEquals(JSON.readTree("{\"id\":\"1\",\"year_i\":1999}"), left);
  }

  @Test
  void updateOfOneSourceOfTwoIsRefused() throws Exception {
    index(PROPERTIES);
    refuse(
        "[{\"id\":\"1\",\"title\":{\"set\":\"new title\"}}]",
        "The atomic update of document '1' is refused: it changes a part of what the vector in"
            + " 'vector' is made of. Send the whole document");
    assertVector("old title old text");
  }

  @Test
  void updateThatAddsToASourceIsRefused() throws Exception {
    index(PROPERTIES);
    refuse(
        "[{\"id\":\"1\",\"title\":{\"set\":\"new\"},\"text\":{\"add\":\"more\"}}]",
        "it changes a part of what the vector");
    assertVector("old title old text");
  }

  @Test
  void updateIsRefusedWhereTheVectorWouldBeLost() throws Exception {
    Map<String, String> changes = new TreeMap<>(SolrNode.STORED_VECTORS);
    changes.remove("type=\"vector\" indexed=\"true\" stored=\"false\"");
    node.createCore(core, PROPERTIES, changes);
    accept("[{\"id\":\"1\",\"title\":\"old title\",\"year_i\":1999}]");
    refuse(
        "[{\"id\":\"1\",\"year_i\":{\"set\":2001}}]",
        "the vector would be lost, since field 'vector' is not stored");
  }

  @Test
  void vectorThatTheUpdateBringsIsTaken() throws Exception {
    index(PROPERTIES);
    String mine = "[1" + ",0".repeat(DIMENSIONS - 1) + "]";
    accept("[{\"id\":\"1\",\"title\":{\"set\":\"new\"},\"vector\":{\"set\":" + mine + "}}]");
    assertEquals(1.0, document("vector").at("/vector/0").asDouble());
    assertEquals(List.of(), encoder.texts());
  }

  @Test
  void skippedUpdateTakesTheOldVectorAwayAndTheNextOneBringsItBack() throws Exception {
    Map<String, String> properties = new TreeMap<>(PROPERTIES);
    properties.put("llm2vec.onError", "skip");
    index(properties);
    accept("[{\"id\":\"1\",\"title\":{\"set\":\"poison\"},\"text\":{\"set\":\"t\"}}]");
    JsonNode skipped = document("vector,vector_error");
    assertEquals(JSON.readTree("{\"vector_error\":\"this text cannot be encoded\"}"), skipped);
    accept("[{\"id\":\"1\",\"title\":{\"set\":\"good\"},\"text\":{\"set\":\"t\"}}]");
    assertVector("good t");
    assertTrue(document("vector_error").isEmpty());
  }

  private void accept(String json) throws Exception {
    HttpResponse<String> response = node.update(core, "commit=true", json);
    assertEquals(200, response.statusCode(), response.body());
  }

  private void refuse(String json, String reason) throws Exception {
    HttpResponse<String> response = node.update(core, "commit=true", json);
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(response.body().contains(reason), response.body());
  }

  private JsonNode document(String fields) throws Exception {
    return node.select(core, Map.of("q", "id:1", "fl", fields)).at("/response/docs/0");
  }

  /** The stored vector and the indexed one are those of the text. */
  private void assertVector(String text) throws Exception {
    float[] expected = encoder.vector(" " + text);
    JsonNode stored = document("vector").get("vector");
    StringBuilder written = new StringBuilder();
    for (int i = 0; i < DIMENSIONS; i++) {
      assertEquals(expected[i], stored.get(i).floatValue(), 0f);
      written.append(i == 0 ? "[" : ",").append(expected[i]);
    }
    JsonNode nearest =
        node.select(core, Map.of("q", "{!knn f=vector topK=1}" + written + "]", "fl", "id,score"));
    assertEquals(1.0, nearest.at("/response/docs/0/score").asDouble(), 1e-5);
  }
}
