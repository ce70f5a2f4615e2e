/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A Solr without a model, whose texts another one encodes with adapters beside its model. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RemoteAdaptersTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "16");
  private static final String TEXT = "once upon a time";
  private static final Path CASES =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "saved-checkpoints")
          .toAbsolutePath()
          .normalize();
  private static final String MODEL = "<str name=\"model\">${llm2vec.model:default}</str>";

  private final String base = CASES.resolve("adapter-base/base").toString();
  private final String plain = CASES.resolve("adapter-plain-encoder/adapter").toString();
  private final String ranks = CASES.resolve("adapter-rank-encoder/adapter").toString();
  private SolrNode serving;
  private SolrNode asking;

  private static SolrNode start(Path home, Map<String, Object> model) throws Exception {
    Files.writeString(
        home.resolve(ModelsFile.NAME),
        JSON.writeValueAsString(Map.of("models", Map.of("default", model))));
    return SolrNode.start(home);
  }

  @BeforeAll
  void start(@TempDir Path there, @TempDir Path here) throws Exception {
    serving =
        start(there, Map.of("model", base, "adapters", Map.of("plain", plain, "ranks", ranks)));
    serving.createCore("any", PROPERTIES);
    asking = start(here, Map.of("encoder_nodes", List.of(serving.url())));
    asking.createCore("base", PROPERTIES);
    for (String adapter : List.of("plain", "ranks")) {
      asking.createCore(
          adapter,
          PROPERTIES,
          Map.of(MODEL, MODEL + "<str name=\"adapter\">" + adapter + "</str>"));
    }
    for (String core : List.of("base", "plain", "ranks")) {
      HttpResponse<String> response =
          asking.update(core, "commit=true", "[{\"id\":\"1\",\"text\":\"" + TEXT + "\"}]");
      assertEquals(200, response.statusCode(), response.body());
    }
  }

  @AfterAll
  void stop() {
    asking.close();
    serving.close();
  }

  private float[] merged(String... adapters) throws Exception {
    ModelSource source = ModelSource.of(base, List.of(adapters), Map.of());
    Llm2VecOptions options = Llm2VecOptions.builder().normalize(true).build();
    try (Llm2Vec model = Llm2Vec.open(source, options)) {
      return model.encodeOne(TEXT, Prompt.document());
    }
  }

  private HttpResponse<String> search(String core, String adapter) throws Exception {
    return asking.trySelect(
        core, Map.of("q", "{!llm2vec f=vector" + adapter + "}" + TEXT, "fl", "id,score"));
  }

  @Test
  void documentsGetTheVectorsOfTheirAdapter() throws Exception {
    assertArrayEquals(merged(), asking.vectors("base").get("1"), 1e-5f);
    assertArrayEquals(merged(plain), asking.vectors("plain").get("1"), 1e-5f);
    assertArrayEquals(merged(ranks), asking.vectors("ranks").get("1"), 1e-5f);
  }

  @Test
  void queriesAreEncodedWithTheAdapterOfTheirFieldAndOthersAreRefused() throws Exception {
    for (int again = 0; again < 2; again++) {
      for (String adapter : List.of("plain", "ranks")) {
        HttpResponse<String> found = search(adapter, "");
        assertEquals(200, found.statusCode(), found.body());
        JsonNode hit = JSON.readTree(found.body()).at("/response/docs/0");
        assertEquals(1, hit.get("score").asDouble(), 1e-5, found.body());
      }
    }
    assertEquals(409, search("plain", " adapter=ranks").statusCode());
    assertEquals(409, search("plain", " adapter=''").statusCode());
    assertEquals(409, search("base", " adapter=plain").statusCode());
  }

  @Test
  void adapterThatTheOtherNodeDoesNotHaveIsRefusedByName() throws Exception {
    HttpResponse<String> refused = search("base", " adapter=plane");
    assertEquals(400, refused.statusCode(), refused.body());
    assertTrue(
        refused
            .body()
            .contains("has no adapter 'plane' on " + serving.url() + ", only plain, ranks"),
        refused.body());
  }
}
