/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No atomic update of any example loses a vector or leaves one of another text. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExampleUpdateTest {

  private static final int DIMENSIONS = 24;

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
  private SolrNode node;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  private void create(String example, Map<String, String> properties) throws Exception {
    Map<String, String> all = new TreeMap<>(properties);
    all.put("llm2vec.dims", "" + DIMENSIONS);
    node.createCore(example, SolrNode.example(example), all, Map.of());
  }

  private void update(String core, String json) throws Exception {
    encoder.forget();
    HttpResponse<String> response = node.update(core, "commit=true", json);
    assertEquals(200, response.statusCode(), response.body());
  }

  private void assertVectors(String core, Map<String, String> texts) throws Exception {
    Map<String, float[]> vectors = node.vectors(core);
    assertEquals(texts.keySet(), vectors.keySet());
    texts.forEach((id, text) -> assertArrayEquals(encoder.vector(" " + text), vectors.get(id), id));
  }

  @ParameterizedTest
  @ValueSource(strings = {"basic", "hybrid", "cloud-quantised", "gpu-ingest"})
  void atomicUpdateKeepsOrRenewsTheVector(String example) throws Exception {
    create(example, Map.of());
    String whole = "[{\"id\":\"1\",\"title\":\"old title\",\"text\":\"old text\",\"year_i\":1999}]";
    update(example, whole);
    assertEquals(List.of("old title old text"), encoder.texts());

    update(example, "[{\"id\":\"1\",\"year_i\":{\"set\":2001}}]");
    assertVectors(example, Map.of("1", "old title old text"));
    assertEquals(List.of(), encoder.texts(), "the text is as it was");

    update(example, "[{\"id\":\"1\",\"title\":{\"set\":\"new title\"}}]");
    assertVectors(example, Map.of("1", "new title old text"));
    assertEquals(List.of("new title old text"), encoder.texts(), "of the whole document");

    update(example, "[{\"id\":\"1\",\"title\":{\"set\":null},\"text\":{\"set\":null}}]");
    assertVectors(example, Map.of());

    update(example, whole);
    update(example, whole);
    assertVectors(example, Map.of("1", "old title old text"));
    assertEquals(List.of(), encoder.texts(), "the same text once more");
    assertEquals(
        1,
        node.select(
                example, Map.of("q", "vector_model:*fa4e" + Integer.toHexString(DIMENSIONS) + "*"))
            .at("/response/numFound")
            .asInt(),
        "the document says what made its vector");
  }

  @Test
  void atomicUpdateKeepsOrRenewsThePassages() throws Exception {
    String core = "passages";
    create(core, Map.of("llm2vec.passageTokens", "3", "llm2vec.passageOverlap", "0"));
    update(core, "[{\"id\":\"1\",\"title\":\"T\",\"text\":\"a b c d e f g h i\",\"year_i\":1999}]");
    Map<String, String> texts = new TreeMap<>();
    texts.put("1/vector_passages#0", "T\na b c");
    texts.put("1/vector_passages#1", "T\nd e f");
    texts.put("1/vector_passages#2", "T\ng h i");
    assertVectors(core, texts);

    update(core, "[{\"id\":\"1\",\"year_i\":{\"set\":2001}}]");
    assertVectors(core, texts);
    assertEquals(List.of(), encoder.texts());

    update(core, "[{\"id\":\"1\",\"text\":{\"set\":\"a b c d e f x\"}}]");
    texts.put("1/vector_passages#2", "T\nx");
    assertVectors(core, texts);
    assertEquals(List.of("T\nx"), encoder.texts(), "the other passages are as they were");
  }
}
