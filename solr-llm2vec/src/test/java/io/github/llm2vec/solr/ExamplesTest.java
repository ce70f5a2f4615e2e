/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.solr.SearchHits.Hit;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples for passages and for a node with a GPU, and every query of the documentation. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExamplesTest {

  private static final int DIMENSIONS = 64;
  private static final String WORDS = "words";
  private static final String PASSAGES = "passages";
  private static final String ALLOW_ALL = "solr.disable.allowUrls";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** So much that no caller is blocked. */
  private static final ServingOptions ROOM = ServingOptions.builder().ridgeTokens(1 << 22).build();

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
  private SolrNode node;
  private List<SciFact.Abstract> papers;

  @BeforeAll
  void index(@TempDir Path home) throws Exception {
    System.setProperty(ALLOW_ALL, "true");
    node = SolrNode.start(home, model -> encoder.service(ROOM, 1 << 20));
    papers = SciFact.documents(60);
    Map<String, String> dims = Map.of("llm2vec.dims", "" + DIMENSIONS);
    node.createCore(WORDS, SolrNode.example("hybrid"), dims, Map.of());
    Map<String, String> cut = new HashMap<>(dims);
    cut.put("llm2vec.passageTokens", "40");
    cut.put("llm2vec.passageOverlap", "10");
    node.createCore(PASSAGES, SolrNode.example(PASSAGES), cut, Map.of());
    List<Map<String, Object>> documents = new ArrayList<>();
    for (SciFact.Abstract paper : papers) {
      int number = documents.size();
      documents.add(
          Map.of(
              "id",
              "" + number,
              "title",
              paper.title(),
              "text",
              paper.text() + " A gene.",
              "half_i",
              number % 2));
    }
    for (String core : List.of(WORDS, PASSAGES)) {
      HttpResponse<String> response =
          node.update(core, "commit=true", JSON.writeValueAsString(documents));
      assertEquals(200, response.statusCode(), response.body());
    }
  }

  @AfterAll
  void stop() {
    System.clearProperty(ALLOW_ALL);
    node.close();
  }

  /** Every fenced block of the page that is to be sent: its core, and its parameters or body. */
  static Stream<String[]> queriesOfThePage() throws Exception {
    String page = Files.readString(Path.of("..", "docs", "solr-queries.md"));
    Matcher block =
        Pattern.compile("```(params|json)( \\w+)?\n(.*?)```", Pattern.DOTALL).matcher(page);
    List<String[]> queries = new ArrayList<>();
    while (block.find()) {
      String core = block.group(2) == null ? WORDS : block.group(2).strip();
      queries.add(new String[] {block.group(1), core, block.group(3).strip()});
    }
    assertTrue(queries.size() > 12, "examples on the page: " + queries.size());
    return queries.stream();
  }

  @ParameterizedTest
  @MethodSource("queriesOfThePage")
  void queryOfThePageFindsDocuments(String kind, String core, String query) throws Exception {
    JsonNode response;
    if (kind.equals("json")) {
      HttpResponse<String> answer = node.post("/" + core + "/select", "application/json", query);
      assertEquals(200, answer.statusCode(), answer.body());
      response = JSON.readTree(answer.body());
    } else {
      Map<String, String> params = new TreeMap<>();
      for (String line : query.split("\n", -1)) {
        params.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
      }
      response = node.select(core, params);
      if (query.contains("[passage")) {
        assertTrue(response.at("/response/docs/0").toString().contains("passage"), query);
      }
    }
    assertTrue(response.at("/response/numFound").asInt() > 0, response.toString());
  }

  private record Passage(String parent, int start, int end, float score) {}

  /** The best passage of every document by Lucene's similarity, from what the chain has cut. */
  private Map<String, Passage> bestPassages(String question) throws Exception {
    float[] target = encoder.vector(" " + question);
    JsonNode cut =
        node.select(
            PASSAGES,
            Map.of(
                "q", "_nest_path_:*",
                "fl", "passage_parent,passage_start,passage_end",
                "rows", "10000"));
    Map<String, Passage> best = new HashMap<>();
    for (JsonNode one : cut.at("/response/docs")) {
      int start = one.get("passage_start").asInt();
      int end = one.get("passage_end").asInt();
      SciFact.Abstract paper = papers.get(one.get("passage_parent").asInt());
      String words = (paper.text() + " A gene.").substring(start, end);
      float score =
          VectorSimilarityFunction.DOT_PRODUCT.compare(
              target, encoder.vector(" " + paper.title() + "\n" + words));
      best.merge(
          one.get("passage_parent").asText(),
          new Passage(one.get("passage_parent").asText(), start, end, score),
          (old, other) -> other.score() > old.score() ? other : old);
    }
    assertEquals(60, best.size());
    assertTrue(cut.at("/response/numFound").asInt() > 200, "long texts have several passages");
    return best;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void documentsAreFoundByTheirBestPassages(boolean distributed) throws Exception {
    String address = node.url().replaceFirst("^https?://", "") + "/" + PASSAGES;
    for (String question : SciFact.queries().subList(0, 5)) {
      Map<String, String> params = new HashMap<>();
      params.put("q", "{!llm2vec f=vector which=$documents topK=10 efSearch=1000 v=$qq}");
      params.put("qq", question);
      params.put("fl", "id,score,passage:[passage text=text]");
      if (distributed) {
        params.put("shards", address);
      }
      JsonNode response = node.select(PASSAGES, params);
      Map<String, Passage> best = bestPassages(question);
      List<Float> expected =
          best.values().stream().map(Passage::score).sorted((a, b) -> Float.compare(b, a)).toList();
      assertEquals(10, response.at("/response/numFound").asInt());
      for (int i = 0; i < 10; i++) {
        JsonNode document = response.at("/response/docs/" + i);
        Passage passage = best.get(document.get("id").asText());
        assertEquals(expected.get(i), (float) document.get("score").asDouble(), 1e-6f);
        assertEquals(passage.score(), (float) document.get("score").asDouble(), 1e-6f);
        assertEquals(passage.score(), (float) document.at("/passage/score").asDouble(), 1e-6f);
        String text = papers.get(Integer.parseInt(passage.parent())).text() + " A gene.";
        String shown = document.at("/passage/text").asText();
        assertTrue(text.contains(shown) && !shown.isBlank(), shown);
      }
    }
  }

  @Test
  void filtersAreAboutDocumentsAndLeaveTopKOfThem() throws Exception {
    String question = SciFact.queries().get(2);
    for (String filter : List.of("half_i:1", "-half_i:0")) {
      JsonNode response =
          node.select(
              PASSAGES,
              Map.of(
                  "q", "{!llm2vec f=vector which=$documents topK=10 efSearch=1000 v=$qq}",
                  "qq", question,
                  "fq", filter));
      Map<String, Passage> best = bestPassages(question);
      List<Float> expected =
          best.values().stream()
              .filter(passage -> Integer.parseInt(passage.parent()) % 2 == 1)
              .map(Passage::score)
              .sorted((a, b) -> Float.compare(b, a))
              .limit(10)
              .toList();
      List<Hit> hits = SearchHits.of(response);
      assertEquals(10, hits.size());
      for (int i = 0; i < 10; i++) {
        assertEquals(expected.get(i), hits.get(i).score(), 1e-6f);
      }
    }
  }

  @Test
  void childrenOfGivesOnePassageOfEachDocument() throws Exception {
    String question = SciFact.queries().get(4);
    JsonNode response =
        node.select(
            PASSAGES,
            Map.of(
                "q",
                "{!llm2vec f=vector childrenOf=$documents parents.preFilter=$odd topK=8"
                    + " efSearch=1000 v=$qq}",
                "odd",
                "half_i:1",
                "qq",
                question,
                "fl",
                "id,passage_parent,passage_start,score"));
    Map<String, Passage> best = bestPassages(question);
    List<String> parents = new ArrayList<>();
    for (JsonNode document : response.at("/response/docs")) {
      Passage passage = best.get(document.get("passage_parent").asText());
      parents.add(passage.parent());
      assertEquals(1, Integer.parseInt(passage.parent()) % 2);
      assertEquals(passage.score(), (float) document.get("score").asDouble(), 1e-6f);
    }
    assertEquals(8, parents.size());
    assertEquals(8, parents.stream().distinct().count());
  }

  @Test
  void thresholdHoldsForTheBestPassage() throws Exception {
    String question = SciFact.queries().get(6);
    List<Float> scores =
        bestPassages(question).values().stream()
            .map(Passage::score)
            .sorted((a, b) -> Float.compare(b, a))
            .toList();
    int count = 5;
    while (scores.get(count - 1) - scores.get(count) < 1e-4f) {
      count++;
    }
    float least = (scores.get(count - 1) + scores.get(count)) / 2;
    JsonNode response =
        node.select(
            PASSAGES,
            Map.of(
                "q",
                "{!llm2vec f=vector which=$documents minReturn=" + least + " v=$qq}",
                "qq",
                question));
    assertEquals(count, response.at("/response/numFound").asInt());
    assertEquals(scores.get(0), SearchHits.of(response).get(0).score(), 1e-6f);
  }

  @Test
  void handlerForPassagesNeedsTheTextOnly() throws Exception {
    HttpResponse<String> response = node.get("/" + PASSAGES + "/passages?qq=cell+growth");
    assertEquals(200, response.statusCode(), response.body());
    JsonNode found = JSON.readTree(response.body());
    assertEquals(10, found.at("/response/docs").size());
    assertTrue(found.at("/response/docs/0/passage").has("passage_number"), response.body());
    assertTrue(!found.at("/response/docs/0/passage/text").asText().isBlank(), response.body());
  }

  @Test
  void transformerWithoutASearchOverPassagesSaysSo() throws Exception {
    HttpResponse<String> response =
        node.trySelect(PASSAGES, Map.of("q", "title:*", "fl", "id,[passage]"));
    assertTrue(response.body().contains("search with {!llm2vec which=...}"), response.body());
  }

  @Test
  void configsetOfTheGpuNodeLoadsOnACpuAndFillsLargeBatches() throws Exception {
    for (String device : List.of("cpu", "gpu")) {
      Path file =
          SolrNode.example("gpu-ingest").resolveSibling("llm2vec-models." + device + ".json");
      ModelDeclaration model = ModelsFile.read(file).declaration("default");
      assertEquals(List.of(device.equals("cpu") ? "cpu" : "cuda:0"), model.devices());
      assertEquals("bfloat16", model.dtype());
    }
    node.createCore(
        "ingest",
        SolrNode.example("gpu-ingest"),
        Map.of("llm2vec.dims", "" + DIMENSIONS),
        Map.of());
    encoder.forget();
    encoder.hold();
    String documents = JSON.writeValueAsString(SciFact.documents(1000));
    FutureTask<HttpResponse<String>> update =
        new FutureTask<>(() -> node.update("ingest", "commit=true", documents));
    new Thread(update, "update").start();
    // All of them are with the encoder before any has its vector.
    encoder.awaitTexts(1000);
    encoder.letGo();
    HttpResponse<String> response = update.get();
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(
        10,
        node.select("ingest", Map.of("q", "{!llm2vec f=vector}gene")).at("/response/docs").size());
  }
}
