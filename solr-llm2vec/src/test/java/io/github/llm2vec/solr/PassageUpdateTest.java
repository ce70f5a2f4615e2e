/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** Long texts as nested documents: passages of four words, each of which repeats one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PassageUpdateTest {

  private static final Map<String, String> PASSAGES =
      Map.of(
          "<!-- more -->",
          "<int name=\"maxTokens\">4</int><int name=\"passageOverlap\">1</int>"
              + "<str name=\"longText\">passages</str>",
          "{title} {text} {number}",
          "{title}: {text}",
          "<str name=\"model\">small</str>",
          "");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeBatchModel encoder = new FakeBatchModel(16);
  private SolrNode node;
  private UpdatingCore core;

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
  void createCore(TestInfo test) throws Exception {
    core =
        UpdatingCore.create(node, test.getTestMethod().orElseThrow().getName(), Map.of(), PASSAGES);
    encoder.forget();
  }

  @Test
  void longTextBecomesNestedDocumentsWithVectors() throws Exception {
    core.accept("[{\"id\":\"1\",\"title\":\"T\",\"text\":\"a b c d e  f g h\",\"year\":1999}]");
    assertPassages("1", "T: a b c d", "T: d e  f g", "T: g h");
    JsonNode second = core.document("1/vector_passages#1");
    assertEquals("1", second.get("passage_parent").asText());
    assertEquals(1, second.get("passage_number").asInt());
    assertEquals(6, second.get("passage_start").asInt());
    assertEquals(14, second.get("passage_end").asInt());
    assertEquals("d e  f g", "a b c d e  f g h".substring(6, 14));
    assertEquals(3, core.find("{!field f=_nest_path_}/vector_passages", "id").size());
    JsonNode parent = core.find("{!parent which='*:* -_nest_path_:*'}passage_number:2", "*").get(0);
    assertEquals("1", parent.get("id").asText());
    assertFalse(parent.has("vector_model"));
    assertEquals(1, core.find("*:* -_nest_path_:*", "id").size());
  }

  @Test
  void everyDocumentHasAPassageAndOneWithoutTextHasNone() throws Exception {
    core.accept(
        """
        [{"id":"short","text":"a"}, {"id":"titled","title":"T"}, {"id":"none","year":1}]""");
    assertPassages("short", "a");
    assertPassages("titled", "T");
    assertPassages("none");
    assertEquals(0, core.document("titled/vector_passages#0").get("passage_end").asInt());
  }

  @Test
  void documentThatIsSentAgainReplacesItsPassages() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"a b c d e f g h i j k\"}]");
    assertPassages("1", "a b c d", "d e f g", "g h i j", "j k");
    encoder.forget();
    core.accept("[{\"id\":\"1\",\"text\":\"a b c d new words\"}]");
    assertPassages("1", "a b c d", "d new words");
    assertEquals(List.of("d new words"), encoder.texts(), "the first passage has not changed");
  }

  @Test
  void updateOfAnotherFieldKeepsThePassages() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"a b c d e f\",\"year\":1999,\"clicks\":1}]");
    encoder.forget();
    core.acceptUncommitted("[{\"id\":\"1\",\"clicks\":{\"inc\":1}}]");
    core.acceptUncommitted("[{\"id\":\"1\",\"text\":{\"set\":\"a b c d e f\"}}]");
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertPassages("1", "a b c d", "d e f");
    assertEquals(List.of(), encoder.texts());
    assertEquals(2001, core.document("1").get("year").asInt());
  }

  @Test
  void updateOfTheTextReplacesThePassages() throws Exception {
    core.accept("[{\"id\":\"1\",\"title\":\"T\",\"text\":\"a b c d e f\"}]");
    encoder.forget();
    core.accept("[{\"id\":\"1\",\"text\":{\"set\":\"a b c d x y z 1 2\"}}]");
    assertPassages("1", "T: a b c d", "T: d x y z", "T: z 1 2");
    assertEquals(List.of("T: d x y z", "T: z 1 2"), encoder.texts());
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":\"U\"}}]");
    assertPassages("1", "U: a b c d", "U: d x y z", "U: z 1 2");
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":null},\"text\":{\"set\":null}}]");
    assertPassages("1");
    assertEquals(1, core.find("*:*", "id").size());
  }

  @Test
  void consistencyProcessorCutsPassagesToo() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"a b c d e f\"}]");
    node.update(
        "consistencyProcessorCutsPassagesToo",
        "update.chain=plain&commit=true",
        "[{\"id\":\"1\",\"title\":{\"set\":\"T\"}}]");
    assertPassages("1", "T: a b c d", "T: d e f");
  }

  @Test
  void deletedDocumentTakesItsPassagesAlong() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"a b c d e f\"}, {\"id\":\"2\",\"text\":\"a\"}]");
    core.accept("{\"delete\":\"1\"}");
    assertPassages("1");
    assertEquals(2, core.find("*:*", "id").size(), "the other one and its passage");
  }

  @Test
  void documentWithABadPassageIsRefusedWhole() throws Exception {
    core.refuse(
        400,
        "[{\"id\":\"1\",\"text\":\"a b c d e poison f g h\"}, {\"id\":\"2\",\"text\":\"a b c d e\"}]",
        "document '1', field 'vector': this text cannot be encoded");
    core.commit();
    assertPassages("1");
    assertPassages("2", "a b c d", "d e");
  }

  @Test
  void wordsOfPassagesAreThoseThatWereEncodedWhateverJoinsThem(TestInfo test) throws Exception {
    List<List<String>> documents =
        List.of(
            List.of("a b c", "d e f g", "h"),
            List.of("a", " ", "b b b b b", "", "c c"),
            List.of("one value of seven words in all"));
    for (String separator : List.of(" ", " | ", "\n\n", ", ")) {
      Map<String, String> changes = new TreeMap<>(PASSAGES);
      changes.put("{title} {text} {number}", "{title}: {parts}");
      changes.put(
          "<!-- more -->",
          PASSAGES.get("<!-- more -->") + "<str name=\"separator\">%s</str>".formatted(separator));
      changes.put(
          "<!-- Passages. -->", "<field name=\"parts\" type=\"text\" multiValued=\"true\"/>");
      changes.put(
          "<requestHandler name=\"/select\" class=\"solr.SearchHandler\"/>",
          "<requestHandler name=\"/select\" class=\"solr.SearchHandler\"/><transformer"
              + " name=\"passage\""
              + " class=\"io.github.llm2vec.solr.Llm2VecPassageTransformerFactory\"/>");
      String name = "words" + separator.hashCode();
      UpdatingCore joined = UpdatingCore.create(node, name, Map.of(), changes);
      for (List<String> parts : documents) {
        encoder.forget();
        joined.accept(
            JSON.writeValueAsString(List.of(Map.of("id", "1", "title", "T", "parts", parts))));
        for (String encoded : encoder.texts()) {
          JsonNode hit =
              node.select(
                      name,
                      Map.of(
                          "q", "{!llm2vec f=vector which='*:* -_nest_path_:*' topK=1 v=$qq}",
                          "qq", encoded,
                          "fl", "id,[passage text=parts]"))
                  .at("/response/docs/0");
          assertEquals(encoded, "T: " + hit.at("/[passage]/text").asText());
        }
        if (separator.equals(" | ")) {
          joined.accept("[{\"id\":\"1\",\"year\":{\"set\":1}}]");
        }
      }
      String wrong =
          node.trySelect(
                  name,
                  Map.of(
                      "q", "{!llm2vec f=vector which='*:* -_nest_path_:*' topK=1 v=$qq}",
                      "qq", "a",
                      "fl", "id,[passage text=title]"))
              .body();
      assertTrue(wrong.contains("the passages of 'vector' are cut from field 'parts'"), wrong);
    }
  }

  /** Exactly these texts have vectors, in passages of a document, in this order. */
  private void assertPassages(String id, String... texts) throws Exception {
    Map<String, float[]> expected = new TreeMap<>();
    for (int i = 0; i < texts.length; i++) {
      expected.put(id + "/vector_passages#" + i, encoder.vector(" " + texts[i]));
    }
    Map<String, float[]> found = new TreeMap<>(core.vectors("vector"));
    found.keySet().removeIf(key -> !key.equals(id) && !key.startsWith(id + "/"));
    assertEquals(new ArrayList<>(expected.keySet()), new ArrayList<>(found.keySet()));
    expected.forEach((key, vector) -> assertArrayEquals(vector, found.get(key), key));
    assertEquals(texts.length, core.find("passage_parent:\"" + id + "\"", "id").size());
  }
}
