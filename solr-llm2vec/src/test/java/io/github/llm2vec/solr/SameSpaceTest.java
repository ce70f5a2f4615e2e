/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real Solr whose documents one model encodes, and queries another one that is declared to share
 * its space.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SameSpaceTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUERY = "the dog ran home";
  private static final List<String> TEXTS = List.of("once upon a time", "a dog", "home", "night");
  private static final Path CASES =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "saved-checkpoints")
          .toAbsolutePath()
          .normalize();
  private static final String ALLOW_ALL = "solr.disable.allowUrls";
  private static final String COMMENT = "<!-- {!llm2vec f=vector topK=10 v=$q} -->";
  private static final String HYBRID =
      "<queryParser name=\"llm2vecHybrid\""
          + " class=\"io.github.llm2vec.solr.Llm2VecHybridQParserPlugin\"/>";
  private static final String MODEL = "<str name=\"model\">${llm2vec.model:default}</str>";

  private final String base = CASES.resolve("adapter-base/base").toString();
  private final String student = CASES.resolve("adapter-plain-encoder/adapter").toString();
  private final String foreign = CASES.resolve("adapter-rank-encoder/adapter").toString();
  private SolrNode node;
  private String shards;

  private static Llm2Vec open(String base, String... adapters) throws Exception {
    return Llm2Vec.open(
        ModelSource.of(base, List.of(adapters), Map.of()),
        Llm2VecOptions.builder().normalize(true).build());
  }

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    String teacher;
    try (Llm2Vec model = open(base)) {
      teacher = model.fingerprint();
    }
    Map<String, Object> models =
        Map.of(
            "default",
            Map.of("model", base),
            "student",
            Map.of("model", base, "adapters", List.of(student), "same_space_as", "default"),
            "abroad",
            Map.of("model", base, "adapters", List.of(student), "same_space_as", teacher),
            "foreign",
            Map.of("model", base, "adapters", List.of(foreign)),
            "stranger",
            Map.of("model", base, "adapters", List.of(student), "same_space_as", "foreign"));
    Files.writeString(
        home.resolve(ModelsFile.NAME), JSON.writeValueAsString(Map.of("models", models)));
    System.setProperty(ALLOW_ALL, "true");
    node = SolrNode.start(home);
    Map<String, String> dims = Map.of("llm2vec.dims", "16");
    String address = node.url().replace("http://", "");
    for (String core : List.of("left", "right")) {
      node.createCore(core, dims, Map.of(COMMENT, HYBRID));
    }
    // An update waits until its model is open; a query does not.
    for (String model : List.of("student", "abroad", "foreign", "stranger")) {
      node.createCore(model, dims, Map.of(MODEL, MODEL.replace("${llm2vec.model:default}", model)));
      index(model, "1", TEXTS.get(1));
    }
    shards = address + "/left," + address + "/right";
    for (int i = 0; i < TEXTS.size(); i++) {
      index(i % 2 == 0 ? "left" : "right", Integer.toString(i), TEXTS.get(i));
    }
  }

  private void index(String core, String id, String text) throws Exception {
    HttpResponse<String> response =
        node.update(
            core, "commit=true", JSON.writeValueAsString(List.of(Map.of("id", id, "text", text))));
    assertEquals(200, response.statusCode(), response.body());
  }

  @AfterAll
  void stop() {
    node.close();
    System.clearProperty(ALLOW_ALL);
  }

  private HttpResponse<String> search(String query, String shards) throws Exception {
    Map<String, String> params = new HashMap<>(Map.of("q", query, "fl", "id,score", "qq", QUERY));
    if (!shards.isEmpty()) {
      params.put("shards", shards);
    }
    return node.trySelect("left", params);
  }

  @ParameterizedTest
  @ValueSource(strings = {"student", "abroad"})
  void itsQueriesAreComparedWithTheOtherModelsDocuments(String model) throws Exception {
    HttpResponse<String> found =
        search("{!llm2vec f=vector topK=10 model=" + model + " v=$qq}", shards);
    assertEquals(200, found.statusCode(), found.body());
    try (Llm2Vec documents = open(base);
        Llm2Vec queries = open(base, student)) {
      float[] query = queries.encodeOne(QUERY, Prompt.query());
      JsonNode hits = JSON.readTree(found.body()).at("/response/docs");
      assertEquals(TEXTS.size(), hits.size(), found.body());
      for (JsonNode hit : hits) {
        float[] document = documents.encodeOne(TEXTS.get(hit.get("id").asInt()), Prompt.document());
        double cosine = 0;
        for (int i = 0; i < query.length; i++) {
          cosine += (double) query[i] * document[i];
        }
        assertEquals((1 + cosine) / 2, hit.get("score").asDouble(), 1e-5, found.body());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"foreign,''", "foreign,shards", "stranger,''", "stranger,shards"})
  void queriesOfAnyOtherModelAreRefused(String model, String where) throws Exception {
    HttpResponse<String> refused =
        search(
            "{!llm2vec f=vector topK=10 model=" + model + " v=$qq}", where.isEmpty() ? "" : shards);
    assertEquals(409, refused.statusCode(), refused.body());
    assertTrue(refused.body().contains("cannot be compared"), refused.body());
  }

  @Test
  void hybridAndFilteredQueriesTakeIt() throws Exception {
    for (String query :
        List.of(
            "{!llm2vec f=vector topK=2 model=student preFilter='id:0' v=$qq}",
            "{!llm2vecHybrid f=vector qf=text model=student v=$qq}")) {
      HttpResponse<String> found = search(query, "");
      assertEquals(200, found.statusCode(), found.body());
    }
  }

  @Test
  void itsDocumentsAreNoDocumentsOfTheOtherModel() throws Exception {
    String theirs =
        JSON.readTree(node.get("/left/select?q=id:0&fl=vector_model").body())
            .at("/response/docs/0/vector_model")
            .asText();
    String document =
        JSON.writeValueAsString(
            List.of(
                Map.of("id", "2", "vector", new float[16], "vector_model", theirs, "text", "a")));
    HttpResponse<String> refused = node.update("student", "commit=true", document);
    assertEquals(409, refused.statusCode(), refused.body());
  }

  @Test
  void theStatusSaysSo() throws Exception {
    JsonNode status = JSON.readTree(node.get("/student/llm2vec?model=student").body());
    assertEquals("default", status.at("/models/0/sameSpaceAs").asText(), status.toString());
  }
}
