/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A real Solr with one base and two adapters beside it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdaptersBesideTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TEXT = "once upon a time";
  private static final Path CASES =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "saved-checkpoints")
          .toAbsolutePath()
          .normalize();
  private static final String MODEL = "<str name=\"model\">${llm2vec.model:default}</str>";
  private static final String COMMENT = "<!-- {!llm2vec f=vector topK=10 v=$q} -->";
  private static final String HYBRID =
      "<queryParser name=\"llm2vecHybrid\""
          + " class=\"io.github.llm2vec.solr.Llm2VecHybridQParserPlugin\"/>";

  private final String base = CASES.resolve("adapter-base/base").toString();
  private final String plain = CASES.resolve("adapter-plain-encoder/adapter").toString();
  private final String ranks = CASES.resolve("adapter-rank-encoder/adapter").toString();
  private SolrNode node;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    Files.writeString(
        home.resolve(ModelsFile.NAME),
        JSON.writeValueAsString(
            Map.of(
                "models",
                Map.of(
                    "default",
                    Map.of("model", base, "adapters", Map.of("plain", plain, "ranks", ranks))))));
    node = SolrNode.start(home);
    Map<String, String> dims = Map.of("llm2vec.dims", "16");
    node.createCore("base", dims);
    node.createCore(
        "adapted",
        dims,
        Map.of(MODEL, MODEL + "<str name=\"adapter\">plain</str>", COMMENT, HYBRID));
    node.createCore("open", dims);
    for (String core : List.of("base", "adapted")) {
      HttpResponse<String> response =
          node.update(core, "commit=true", "[{\"id\":\"1\",\"text\":\"" + TEXT + "\"}]");
      assertEquals(200, response.statusCode(), response.body());
    }
  }

  @AfterAll
  void stop() {
    node.close();
  }

  private float[] merged(String... adapters) throws Exception {
    ModelSource source = ModelSource.of(base, List.of(adapters), Map.of());
    Llm2VecOptions options = Llm2VecOptions.builder().normalize(true).build();
    try (Llm2Vec model = Llm2Vec.open(source, options)) {
      return model.encodeOne(TEXT, Prompt.document());
    }
  }

  private JsonNode status() throws Exception {
    return JSON.readTree(node.get("/base/llm2vec").body()).at("/models/0");
  }

  private HttpResponse<String> search(String core, String adapter) throws Exception {
    return node.trySelect(core, Map.of("q", "{!llm2vec f=vector" + adapter + "}" + TEXT));
  }

  @Test
  void aMappingWithAnAdapterGetsTheVectorsOfTheMergedModel() throws Exception {
    assertArrayEquals(merged(plain), node.vectors("adapted").get("1"), 1e-5f);
    assertArrayEquals(merged(), node.vectors("base").get("1"), 1e-5f);
  }

  @Test
  void aQueryNamesTheAdapterOfItsField() throws Exception {
    HttpResponse<String> found = search("adapted", " adapter=plain");
    assertEquals(200, found.statusCode(), found.body());
    JsonNode hit = JSON.readTree(found.body()).at("/response/docs/0");
    assertEquals(1, hit.get("score").asDouble(), 1e-5, found.body());
    // The parser of that core has the adapter as its default.
    assertEquals(200, search("adapted", "").statusCode());
  }

  @Test
  void aHybridQueryNamesItToo() throws Exception {
    assertEquals(200, hybrid("plain").statusCode(), hybrid("plain").body());
    assertEquals(409, hybrid("ranks").statusCode(), hybrid("ranks").body());
  }

  private HttpResponse<String> hybrid(String adapter) throws Exception {
    return node.trySelect(
        "adapted", Map.of("q", "{!llm2vecHybrid f=vector qf=text adapter=" + adapter + "}" + TEXT));
  }

  @Test
  void aQueryOfAnotherAdapterOrOfTheBaseIsRefused() throws Exception {
    for (String other : List.of(" adapter=ranks", " adapter=''")) {
      HttpResponse<String> refused = search("adapted", other);
      assertEquals(409, refused.statusCode(), refused.body());
    }
    assertEquals(409, search("base", " adapter=plain").statusCode());
  }

  @Test
  void anUnknownAdapterIsRefusedByName() throws Exception {
    HttpResponse<String> refused = search("open", " adapter=plane");
    assertEquals(400, refused.statusCode(), refused.body());
    assertTrue(
        refused.body().contains("has no adapter 'plane' on this node, only plain, ranks"),
        refused.body());
  }

  @Test
  void statusListsTheAdaptersAndHealthKnowsThem() throws Exception {
    JsonNode model = status();
    assertNotEquals(
        model.get("fingerprint"), model.at("/adapters/plain/fingerprint"), model.toString());
    assertTrue(model.at("/adapters/ranks/bytes").asLong() > 0, model.toString());
    HttpResponse<String> health = node.get("/adapted/llm2vec?action=health");
    assertEquals(200, health.statusCode(), health.body());
    JsonNode plainly = JSON.readTree(encode("").body()).get("vector");
    JsonNode adapted = JSON.readTree(encode("&adapter=plain").body()).get("vector");
    assertNotEquals(plainly, adapted);
  }

  private HttpResponse<String> encode(String parameters) throws Exception {
    return node.get("/base/llm2vec?action=encode&model=default&text=once" + parameters);
  }
}
