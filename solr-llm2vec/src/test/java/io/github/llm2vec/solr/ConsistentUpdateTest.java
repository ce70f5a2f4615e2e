/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * With consistency processor and stored copies, whatever becomes of a document leaves it with its
 * vector.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsistentUpdateTest {

  private final FakeBatchModel encoder = new FakeBatchModel(16);
  private final FakeBatchModel small = new FakeBatchModel(12);
  private SolrNode node;
  private String name;
  private UpdatingCore core;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    ModelsFile models =
        new ModelsFile(
            home.resolve(ModelsFile.NAME),
            Map.of(
                "default", ModelDeclaration.of("default", "fake"),
                "small", ModelDeclaration.of("small", "fake")),
            1 << 20);
    node =
        SolrNode.start(
            home,
            new EncoderRegistry(
                models,
                model -> (model.name().equals("small") ? small : encoder).service(),
                Runnable::run));
    encoder.failFor("poison");
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void nameCore(TestInfo test) {
    name = test.getTestMethod().orElseThrow().getName();
  }

  private void index(Map<String, String> properties) throws Exception {
    core = UpdatingCore.create(node, name, properties, Map.of());
    core.accept(
        """
        [{"id":"1","title":"old title","text":"old text","tags":["a","b"],"year":1999,"clicks":1}]
        """);
    forget();
  }

  private void forget() {
    encoder.forget();
    small.forget();
  }

  @Test
  void updateOfAnotherFieldKeepsEveryVector() throws Exception {
    index(Map.of());
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertVectors("old title old text", "a, b");
    assertEquals(List.of(), encoder.texts());
    assertEquals(List.of(), small.texts());
    assertEquals(2001, core.document("1").get("year").asInt());
  }

  @Test
  void inPlaceUpdateStaysInPlace() throws Exception {
    index(Map.of());
    core.accept("[{\"id\":\"2\",\"text\":\"another\",\"clicks\":5}]");
    forget();
    int place = core.find("id:1", "[docid]").get(0).get("[docid]").asInt();
    core.accept("[{\"id\":\"1\",\"clicks\":{\"inc\":41}}]");
    JsonNode updated = core.find("id:1", "clicks,[docid]").get(0);
    assertEquals(42, updated.get("clicks").asInt());
    assertEquals(place, updated.get("[docid]").asInt(), "Lucene's document is the same");
    assertVectors("old title old text", "a, b");
    assertEquals(List.of(), encoder.texts());
  }

  @Test
  void everyOperationOnASourceBringsTheVectorOfTheWholeText() throws Exception {
    index(Map.of());
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":\"new title\"}}]");
    assertVectors("new title old text", "a, b");
    core.accept("[{\"id\":\"1\",\"number\":{\"set\":7}}]");
    core.accept("[{\"id\":\"1\",\"number\":{\"inc\":3}}]");
    assertVectors("new title old text 10", "a, b");
    core.accept("[{\"id\":\"1\",\"tags\":{\"add\":[\"c\",\"d\"]}}]");
    assertVectors("new title old text 10", "a, b, c, d");
    core.accept("[{\"id\":\"1\",\"tags\":{\"add-distinct\":[\"d\",\"e\"]}}]");
    assertVectors("new title old text 10", "a, b, c, d, e");
    core.accept("[{\"id\":\"1\",\"tags\":{\"remove\":[\"b\"]}}]");
    assertVectors("new title old text 10", "a, c, d, e");
    core.accept("[{\"id\":\"1\",\"tags\":{\"removeregex\":\"[cd]\"}}]");
    assertVectors("new title old text 10", "a, e");
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":null},\"text\":\"plain value\"}]");
    assertVectors("plain value 10", "a, e");
    assertEquals(
        List.of(
            "new title old text",
            "new title old text 7",
            "new title old text 10",
            "plain value 10"),
        encoder.texts(),
        "once each, by the encoding processor alone");
    assertEquals(List.of("a, b, c, d", "a, b, c, d, e", "a, c, d, e", "a, e"), small.texts());
  }

  @Test
  void updatesOfOneRequestThatWaitForEachOtherComeOutRight() throws Exception {
    index(Map.of());
    core.accept(
        """
        [{"id":"1","title":{"set":"first"}}, {"id":"1","text":{"set":"second"}},
         {"id":"2","text":{"set":"made by an update"}}, {"id":"2","title":{"set":"and changed"}}]
        """);
    assertVectors("first second", "a, b");
    assertVector("2", "and changed made by an update");
  }

  @Test
  void vectorGoesWithItsText() throws Exception {
    index(Map.of());
    core.accept(
        "[{\"id\":\"1\",\"title\":{\"set\":null},\"text\":{\"set\":null},\"tags\":{\"set\":[]}}]");
    assertEquals(Map.of(), core.vectors("vector"));
    assertEquals(Map.of(), core.vectors("tag_vector"));
    assertFalse(core.document("1").has("vector_copy"));
    assertFalse(core.document("1").has("vector_model"));
    core.accept("[{\"id\":\"1\",\"text\":{\"set\":\"back\"}}]");
    assertVector("1", "back");
  }

  @Test
  void vectorOfTheClientStaysUntilItsTextChanges() throws Exception {
    index(Map.of());
    String mine = "[1" + ",0".repeat(15) + "]";
    float[] expected = new float[16];
    expected[0] = 1;
    core.accept("[{\"id\":\"1\",\"title\":\"mine\",\"vector\":" + mine + "}]");
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertArrayEquals(expected, core.vectors("vector").get("1"));
    core.accept("[{\"id\":\"1\",\"vector\":{\"set\":null}}]");
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2002}}]");
    assertEquals(Map.of(), core.vectors("vector"));
    core.accept("[{\"id\":\"1\",\"vector\":{\"set\":" + mine + "}}]");
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2003}}]");
    assertArrayEquals(expected, core.vectors("vector").get("1"));
    assertEquals(List.of(), encoder.texts());
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":\"no longer mine\"}}]");
    assertVector("1", "no longer mine");
  }

  @Test
  void unchangedTextIsNotEncodedAgain() throws Exception {
    index(Map.of());
    String same = "[{\"id\":\"1\",\"title\":\"old title\",\"text\":\"old text\",\"year\":2005}]";
    JsonNode header = core.accept(same);
    assertEquals(1, header.at("/llm2vec/vector/reused").asInt());
    assertEquals(0, header.at("/llm2vec/vector/encoded").asInt());
    assertEquals(List.of(), encoder.texts());
    assertVector("1", "old title old text");
    core.acceptUncommitted("[{\"id\":\"2\",\"text\":\"not visible yet\"}]");
    forget();
    core.accept("[{\"id\":\"2\",\"text\":\"not visible yet\",\"year\":1}]");
    assertEquals(List.of(), encoder.texts());
    // The words move from one field to the other: the text is the same.
    core.accept("[{\"id\":\"2\",\"title\":{\"set\":\"not visible\"},\"text\":{\"set\":\"yet\"}}]");
    assertEquals(List.of(), encoder.texts());
    assertVector("2", "not visible yet");
  }

  @Test
  void copyThatComesWithADocumentIsTakenInAnotherCollection() throws Exception {
    index(Map.of());
    String copy = core.document("1").get("vector_copy").asText();
    String wrong = "\"vector_copy\":\"bm90IG9uZSBvZiBvdXJz\"";
    core = UpdatingCore.create(node, name + "2", Map.of(), Map.of());
    core.accept(
        "[{\"id\":\"x\",\"title\":\"old title\",\"text\":\"old text\",\"vector_copy\":\""
            + copy
            + "\"},{\"id\":\"y\",\"text\":\"other text\",\"vector_copy\":\""
            + copy
            + "\"},{\"id\":\"z\",\"text\":\"third text\","
            + wrong
            + "}]");
    assertEquals(List.of("other text", "third text"), encoder.texts());
    assertVector("x", "old title old text");
    assertVector("y", "other text");
    assertVector("z", "third text");
  }

  @Test
  void halfPrecisionIsTheSameBeforeAndAfterAnUpdate() throws Exception {
    index(Map.of("llm2vec.precision", "float16"));
    float[] before = core.vectors("vector").get("1");
    assertArrayEquals(encoder.vector(" old title old text"), before, 1e-3f);
    int bytes = core.document("1").get("vector_copy").asText().length() * 3 / 4;
    assertTrue(bytes < 27 + 2 * 16 + 3, bytes + " bytes");
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertArrayEquals(before, core.vectors("vector").get("1"), 0f);
  }

  @Test
  void skippedUpdateLeavesNoVectorAndTheNextOneBringsIt() throws Exception {
    index(Map.of("llm2vec.onError", "skip"));
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":\"poison\"}}]");
    assertEquals(Map.of(), core.vectors("vector"));
    assertEquals("this text cannot be encoded", core.document("1").get("vector_error").asText());
    forget();
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertEquals(List.of(), encoder.texts(), "it was to go without");
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":\"good\"}}]");
    assertVectors("good old text", "a, b");
    assertFalse(core.document("1").has("vector_error"));
  }

  @Test
  void refusedUpdateLeavesTheDocumentAsItWas() throws Exception {
    index(Map.of());
    core.refuse(
        400,
        "[{\"id\":\"1\",\"title\":{\"set\":\"poison\"}}]",
        "document '1', field 'vector': this text cannot be encoded");
    core.refuse(400, "[{\"id\":\"1\",\"title\":{\"sett\":\"new\"}}]", "sett");
    core.commit();
    assertVectors("old title old text", "a, b");
    assertEquals("old title", core.document("1").get("title").asText());
  }

  @Test
  void consistencyProcessorAloneBringsEveryVector() throws Exception {
    index(Map.of());
    node.update(
        name, "update.chain=plain&commit=true", "[{\"id\":\"2\",\"text\":\"by consistency\"}]");
    assertVector("2", "by consistency");
    node.update(
        name,
        "update.chain=plain&commit=true",
        "[{\"id\":\"1\",\"text\":{\"set\":\"changed behind our back\"}}]");
    assertVectors("old title changed behind our back", "a, b");
    assertEquals(List.of("by consistency", "old title changed behind our back"), encoder.texts());
  }

  @Test
  void passingFailureIsTriedAgainWhereThatIsAskedFor() throws Exception {
    index(Map.of("llm2vec.onError", "retry"));
    // A text that fails is tried once more before it is blamed.
    encoder.failNext(2 * 2);
    core.accept("[{\"id\":\"2\",\"text\":\"third time lucky\"}]");
    assertVector("2", "third time lucky");
    encoder.failNext(3 * 2);
    core.refuse(500, "[{\"id\":\"3\",\"text\":\"unlucky\"}]", "document '3', field 'vector'");
    encoder.forget();
    core.refuse(400, "[{\"id\":\"4\",\"text\":\"poison\"}]", "document '4', field 'vector'");
    assertEquals(List.of("poison"), encoder.texts(), "a refused text is refused again");
  }

  @Test
  void randomUpdatesNeverPartTextAndVector() throws Exception {
    // Not cut: what is left of a fake vector of one word may be nothing.
    core =
        UpdatingCore.create(
            node,
            name,
            Map.of(),
            Map.of(
                "<int name=\"dimensions\">8</int>", "",
                "vectorDimension=\"8\"", "vectorDimension=\"12\""));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 12; round++) {
      StringBuilder request = new StringBuilder("[");
      for (int i = 0; i < 10; i++) {
        request.append(i == 0 ? "" : ",").append(randomUpdate(random));
      }
      core.accept(request.append("]").toString());
      Map<String, float[]> vectors = core.vectors("vector");
      Map<String, float[]> tagVectors = core.vectors("tag_vector");
      for (JsonNode found : core.find("*:*", "id,title,text,tags")) {
        String id = found.get("id").asText();
        String text = (found.path("title").asText() + " " + found.path("text").asText()).strip();
        assertArrayEquals(
            text.isEmpty() ? null : encoder.vector(" " + text), vectors.get(id), "seed " + seed);
        assertEquals(found.has("tags"), tagVectors.containsKey(id), "seed " + seed);
      }
    }
  }

  private static String randomUpdate(Random random) {
    int id = random.nextInt(4);
    String word = "w" + random.nextInt(100);
    return switch (random.nextInt(8)) {
      case 0 -> "{\"id\":\"%d\",\"title\":\"%s\",\"text\":\"x\"}".formatted(id, word);
      case 1 -> "{\"id\":\"%d\",\"title\":{\"set\":\"%s\"}}".formatted(id, word);
      case 2 -> "{\"id\":\"%d\",\"text\":{\"set\":\"%s\"}}".formatted(id, word);
      case 3 -> "{\"id\":\"%d\",\"year\":{\"set\":7}}".formatted(id);
      case 4 -> "{\"id\":\"%d\",\"clicks\":{\"inc\":1}}".formatted(id);
      case 5 -> "{\"id\":\"%d\",\"tags\":{\"add\":\"%s\"}}".formatted(id, word);
      case 6 -> "{\"id\":\"%d\",\"title\":{\"set\":null}}".formatted(id);
      default -> "{\"id\":\"%d\",\"text\":{\"set\":null},\"tags\":{\"set\":null}}".formatted(id);
    };
  }

  @Test
  void nestedDocumentsKeepTheVectorsOfTheirClient() throws Exception {
    for (String precision : List.of("float32", "float16")) {
      core =
          UpdatingCore.create(
              node, name + precision, Map.of("llm2vec.precision", precision), Map.of());
      String mine = vector(0.1f);
      core.accept(
          """
          [{"id":"1","text":"root","year":1,"parts":[
             {"id":"1a","title":"first","vector":%s},
             {"id":"1b","title":"second","parts":{"id":"1c","vector":%s}}]},
           {"id":"2","text":"own","vector":%s}]
          """
              .formatted(mine, vector(0.2f), vector(0.3f)));
      assertNested(0.1f, 0.2f);
      forget();
      core.accept("[{\"id\":\"1\",\"year\":{\"set\":2}},{\"id\":\"2\",\"year\":{\"set\":2}}]");
      assertNested(0.1f, 0.2f);
      assertEquals(List.of(), encoder.texts());
      assertArrayEquals(floats(0.3f), core.vectors("vector").get("2"), 0f, precision);
      core.accept("[{\"id\":\"1\",\"text\":{\"set\":\"other\"}}]");
      assertNested(0.1f, 0.2f);
      assertTrue(encoder.texts().contains("other"));
      // Of the nested documents themselves.
      core.accept("[{\"id\":\"1a\",\"_root_\":\"1\",\"title\":{\"set\":\"changed\"}}]");
      assertNested(0.1f, 0.2f);
      core.accept(
          "[{\"id\":\"1a\",\"_root_\":\"1\",\"vector\":{\"set\":%s}}]".formatted(vector(0.4f)));
      core.accept("[{\"id\":\"1\",\"year\":{\"set\":3}}]");
      assertNested(0.4f, 0.2f);
      core.accept(
          """
          [{"id":"1","parts":{"add":[{"id":"1d","vector":%s}]}}]"""
              .formatted(vector(0.5f)));
      core.accept("[{\"id\":\"1\",\"year\":{\"set\":4}}]");
      assertNested(0.4f, 0.2f);
      assertArrayEquals(floats(0.5f), core.vectors("vector").get("1d"), 0f);
      core.accept("[{\"id\":\"1a\",\"_root_\":\"1\",\"vector\":{\"set\":null}}]");
      core.accept("[{\"id\":\"1\",\"year\":{\"set\":5}}]");
      assertFalse(core.vectors("vector").containsKey("1a"));
      core.acceptUncommitted("[{\"id\":\"1\",\"year\":{\"set\":6}}]");
      core.crash();
      assertArrayEquals(floats(0.2f), core.vectors("vector").get("1c"), 0f);
      core.refuse(
          400,
          "[{\"id\":\"1\",\"text\":\"x\",\"parts\":[{\"id\":\"1a\",\"vector\":[1,2]}]}]",
          "document '1', field 'vector': vectorDimension=16 but the document brings a vector of 2");
    }
  }

  private void assertNested(float first, float inner) throws Exception {
    Map<String, float[]> vectors = core.vectors("vector");
    assertArrayEquals(floats(first), vectors.get("1a"), 0f);
    assertArrayEquals(floats(inner), vectors.get("1c"), 0f);
  }

  private static String vector(float first) {
    return Arrays.toString(floats(first));
  }

  /** Numbers that a float16 does not have. */
  private static float[] floats(float first) {
    float[] vector = new float[16];
    vector[0] = first;
    vector[1] = (float) Math.sqrt(1 - first * first);
    return vector;
  }

  @Test
  void coreComesBackFromItsLogWithoutTheEncoder() throws Exception {
    index(Map.of());
    core.acceptUncommitted("[{\"id\":\"2\",\"text\":\"in the log\",\"clicks\":1}]");
    core.acceptUncommitted("[{\"id\":\"1\",\"title\":{\"set\":\"in the log\"}}]");
    core.acceptUncommitted("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    core.acceptUncommitted("[{\"id\":\"2\",\"clicks\":{\"inc\":1}}]");
    forget();
    core.crash();
    assertVector("2", "in the log");
    assertVectors("in the log old text", "a, b");
    assertEquals(2, core.find("id:2", "clicks").get(0).get("clicks").asInt());
    assertEquals(List.of(), encoder.texts());
    assertEquals(List.of(), small.texts());
  }

  private void assertVectors(String text, String tags) throws Exception {
    assertVector("1", text);
    float[] tagVector = core.vectors("tag_vector").get("1");
    assertNotNull(tagVector);
    float[] whole = small.vector(" " + tags);
    double length = 0;
    for (int i = 0; i < 8; i++) {
      length += whole[i] * whole[i];
    }
    for (int i = 0; i < 8; i++) {
      assertEquals(whole[i] / Math.sqrt(length), tagVector[i], 1e-6);
    }
  }

  private void assertVector(String id, String text) throws Exception {
    assertArrayEquals(encoder.vector(" " + text), core.vectors("vector").get(id), 0f);
  }
}
