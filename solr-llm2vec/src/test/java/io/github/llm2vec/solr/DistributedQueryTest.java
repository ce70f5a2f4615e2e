/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.solr.SearchHits.Hit;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The hybrid example in one index and in two shards. The node keeps no vectors of queries, so every
 * encoding is seen.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DistributedQueryTest {

  private static final int DIMENSIONS = 64;
  private static final String WHOLE = "whole";
  private static final String LEFT = "left";
  private static final String RIGHT = "right";
  private static final String ALLOW_ALL = "solr.disable.allowUrls";
  private static final String HYBRID =
      "{!llm2vecHybrid f=vector efSearch=200 qf=$wf depth=30 v=$qq}";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);
  private SolrNode node;
  private String shards;
  private String question;

  @BeforeAll
  void index(@TempDir Path home) throws Exception {
    System.setProperty(ALLOW_ALL, "true");
    node = SolrNode.start(home, model -> encoder.service(ServingOptions.defaults(), 0));
    for (String core : List.of(WHOLE, LEFT, RIGHT)) {
      node.createCore(
          core, SolrNode.example("hybrid"), Map.of("llm2vec.dims", "" + DIMENSIONS), Map.of());
    }
    List<Map<String, Object>> documents = new ArrayList<>();
    for (SciFact.Abstract paper : SciFact.documents()) {
      documents.add(
          Map.of(
              "id", paper.id(),
              "title", paper.title(),
              "text", paper.text(),
              "third_i", documents.size() % 3));
    }
    add(WHOLE, documents);
    add(LEFT, documents.subList(0, 120));
    add(RIGHT, documents.subList(120, 200));
    String address = node.url().replaceFirst("^https?://", "");
    shards = address + "/" + LEFT + "," + address + "/" + RIGHT;
    question = SciFact.queries().get(5);
  }

  private void add(String core, List<Map<String, Object>> documents) throws Exception {
    HttpResponse<String> response =
        node.update(core, "commit=true", JSON.writeValueAsString(documents));
    assertEquals(200, response.statusCode(), response.body());
  }

  @AfterAll
  void stop() {
    System.clearProperty(ALLOW_ALL);
    node.close();
  }

  @BeforeEach
  void forget() {
    encoder.forget();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "q=$near",
        "fq=$near",
        "q={!bool should=text:cell should=$near must=$again}",
        "rq={!rerank reRankQuery=$near reRankDocs=50 reRankWeight=3}",
        "facet.query={!llm2vec f=vector topK=5 v=$qq}",
        "facet.query={!bool must=$near}",
        "json.facet={n:{type:query,q:'{!llm2vec f=vector topK=5 v=$qq}'}}",
        "json.facet={t:{type:terms,field:third_i,facet:{n:{type:query,q:'{!bool must=$near}'}}}}",
        "json.facet={t:{type:terms,field:third_i,domain:{filter:'{!llm2vec f=vector v=$qq}'}}}",
        "json.facet={t:{type:terms,field:third_i,domain:{query:'{!bool must=$near}'}}}",
        "json.facet={t:{type:terms,field:third_i,facet:{u:{type:terms,field:third_i,limit:1,"
            + "refine:true,domain:{filter:['*:*',{param:near}]}}}}}",
        "json.facet={t:{type:terms,field:third_i,facet:{r:'relatedness($near,$again)'}}}",
        "q={!llm2vecHybrid f=vector qf=text v=$qq}",
        "q={!llm2vecHybrid f=vector words=text:cell v=$qq}&fq={!llm2vec f=vector topK=90 v=$qq}",
        "q=$near&group=true&group.field=third_i&debug=results",
        "fq={!collapse field=third_i}&expand=true&expand.q=$near",
        "fq={!collapse field=third_i}&expand=true&expand.q=*:*&expand.fq=$near",
        "q=$near&hl=true&hl.fl=text&debugQuery=true&sort=third_i asc, score desc"
      })
  void textIsEncodedOnceHoweverManyClausesShardsAndPhases(String request) throws Exception {
    Map<String, String> params = new HashMap<>();
    params.put("q", "text:cell");
    for (String param : request.split("&", -1)) {
      params.put(param.substring(0, param.indexOf('=')), param.substring(param.indexOf('=') + 1));
    }
    params.put("near", "{!llm2vec f=vector topK=20 v=$qq}");
    params.put("again", "{!llm2vec f=vector topK=80 v=$qq}");
    params.replaceAll((name, value) -> value.equals("$near") ? params.get("near") : value);
    params.put("facet", "true");
    JsonNode response = sharded(params);
    assertTrue(!response.at("/response/docs").isEmpty() || response.has("grouped"), request);
    assertEquals(List.of(List.of(question)), encoder.calls());
  }

  @Test
  void shardsGiveTheirNearestTogether() throws Exception {
    String query = "{!llm2vec f=vector topK=10 efSearch=200 v=$qq}";
    List<Hit> hits = SearchHits.of(sharded(Map.of("q", query, "rows", "10")));
    assertEquals(
        SearchHits.ids(SearchHits.nearest(encoder, question, SciFact.documents(), 10)),
        SearchHits.ids(hits));
  }

  @ParameterizedTest
  @ValueSource(strings = {"*:*", "third_i:1", "-third_i:1"})
  void scoresAreThoseOfTheFormulaOverRanksInTheWholeCollection(String filter) throws Exception {
    Map<String, Float> expected = formula(filter, 30, 60);
    for (JsonNode response :
        List.of(
            whole(Map.of("q", HYBRID, "fq", filter)), sharded(Map.of("q", HYBRID, "fq", filter)))) {
      List<Hit> hits = SearchHits.of(response);
      assertEquals(expected.size(), hits.size());
      assertEquals(expected.size(), response.at("/response/numFound").asInt());
      float before = 1;
      for (Hit hit : hits) {
        assertEquals(expected.get(hit.id()), hit.score(), 1e-7f, hit.id());
        assertTrue(hit.score() <= before);
        before = hit.score();
      }
    }
  }

  private Map<String, Float> formula(String filter, int depth, int rankConstant) throws Exception {
    return formula(filter, depth, rankConstant, List.of(1f, 1f));
  }

  /**
   * Cormack, Clarke, Büttcher 2009: the sum of 1 / (k + rank), ranks by Solr's own parsers.
   *
   * @param weights of words and vectors
   */
  private Map<String, Float> formula(
      String filter, int depth, int rankConstant, List<Float> weights) throws Exception {
    List<List<Hit>> rankings = rankings(filter, depth);
    Map<String, Float> scores = new TreeMap<>();
    for (int list = 0; list < rankings.size(); list++) {
      for (int i = 0; i < depth; i++) {
        float share = weights.get(list) / (rankConstant + i + 1);
        scores.merge(rankings.get(list).get(i).id(), share, Float::sum);
      }
    }
    return scores;
  }

  /** The best by words and the best by vectors, as Solr's own parsers find them. */
  private List<List<Hit>> rankings(String filter, int depth) throws Exception {
    String vector = JSON.valueToTree(encoder.vector(" " + question)).toString();
    Map<String, String> words = new HashMap<>(Map.of("q", "{!edismax qf=$wf v=$qq}"));
    Map<String, String> vectors =
        new HashMap<>(Map.of("q", "{!knn f=vector topK=200 v=$vec}", "vec", vector));
    List<List<Hit>> rankings = new ArrayList<>();
    for (Map<String, String> params : List.of(words, vectors)) {
      params.put("fq", filter);
      params.put("rows", "" + depth);
      List<Hit> hits = SearchHits.of(whole(params));
      assertEquals(depth, hits.size());
      rankings.add(hits);
    }
    return rankings;
  }

  @Test
  void rankConstantAndDepthAreTheUsers() throws Exception {
    String query = "{!llm2vecHybrid f=vector efSearch=200 qf=$wf depth=12 rankConstant=7 v=$qq}";
    Map<String, Float> expected = formula("*:*", 12, 7);
    List<Hit> hits = SearchHits.of(sharded(Map.of("q", query)));
    assertEquals(expected.size(), hits.size());
    for (Hit hit : hits) {
      assertEquals(expected.get(hit.id()), hit.score(), 1e-7f, hit.id());
    }
  }

  @Test
  void weightsAreTheUsers() throws Exception {
    String query =
        "{!llm2vecHybrid f=vector efSearch=200 qf=$wf depth=12 wordWeight=2.5 vectorWeight=0.5"
            + " v=$qq}";
    Map<String, Float> expected = formula("*:*", 12, 60, List.of(2.5f, 0.5f));
    for (List<Hit> hits :
        List.of(
            SearchHits.of(sharded(Map.of("q", query))), SearchHits.of(whole(Map.of("q", query))))) {
      assertEquals(expected.size(), hits.size());
      for (Hit hit : hits) {
        assertEquals(expected.get(hit.id()), hit.score(), 1e-7f, hit.id());
      }
    }
  }

  /** Bruch, Gai, Ingber 2023, section 4: weighted scores, each list's scaled to 0..1. */
  @Test
  void scoresAreScaledAndWeighted() throws Exception {
    List<Float> weights = List.of(0.75f, 0.25f);
    List<List<Hit>> rankings = rankings("*:*", 12);
    Map<String, Float> expected = new TreeMap<>();
    for (int list = 0; list < rankings.size(); list++) {
      float first = rankings.get(list).get(0).score();
      float last = rankings.get(list).get(11).score();
      for (Hit hit : rankings.get(list)) {
        float share = weights.get(list) * (hit.score() - last) / (first - last);
        expected.merge(hit.id(), share, Float::sum);
      }
    }
    Map<String, String> params =
        Map.of(
            "q",
            "{!llm2vecHybrid f=vector efSearch=200 qf=$wf depth=12 fusion=minmax wordWeight=0.75"
                + " vectorWeight=0.25 v=$qq}");
    for (List<Hit> hits : List.of(SearchHits.of(sharded(params)), SearchHits.of(whole(params)))) {
      assertEquals(expected.size(), hits.size());
      for (Hit hit : hits) {
        assertEquals(expected.get(hit.id()), hit.score(), 1e-5f, hit.id());
      }
    }
  }

  @Test
  void pagesFollowOneAnother() throws Exception {
    Map<String, String> params = Map.of("q", HYBRID, "sort", "score desc, id asc");
    List<Hit> all = SearchHits.of(sharded(params));
    List<Hit> paged = new ArrayList<>();
    for (int start = 0; start < all.size(); start += 8) {
      Map<String, String> page = new HashMap<>(params);
      page.put("start", "" + start);
      page.put("rows", "8");
      paged.addAll(SearchHits.of(sharded(page)));
    }
    assertEquals(all, paged);
    assertEquals(SearchHits.ids(all), SearchHits.ids(SearchHits.of(whole(params))));
  }

  @Test
  void facetsCountTheFusedDocuments() throws Exception {
    Map<String, String> params =
        Map.of(
            "q", HYBRID,
            "facet", "true",
            "facet.field", "third_i",
            "json.facet", "{thirds:{type:terms,field:third_i}}");
    JsonNode one = whole(params);
    JsonNode two = sharded(params);
    int found = one.at("/response/numFound").asInt();
    assertEquals(found, one.at("/facets/count").asInt());
    assertEquals(one.get("facets"), two.get("facets"));
    assertEquals(one.at("/facet_counts/facet_fields"), two.at("/facet_counts/facet_fields"));
  }

  @Test
  void domainOfAFacetMayBeAnyOfOurQueries() throws Exception {
    String hybrid = HYBRID.replace("depth=30", "depth=12");
    Map<String, String> params =
        Map.of(
            "q",
            "*:*",
            "near",
            "{!llm2vec f=vector minReturn=0.6 v=$qq}",
            "hybrid",
            hybrid,
            "json.facet",
            "{near:{type:terms,field:third_i,domain:{filter:{param:near}}},"
                + "both:{type:terms,field:third_i,domain:{query:{param:hybrid}}}}");
    JsonNode one = whole(params);
    JsonNode two = sharded(params);
    assertEquals(one.get("facets"), two.get("facets"));
    int near = whole(Map.of("q", params.get("near"))).at("/response/numFound").asInt();
    int both = whole(Map.of("q", hybrid)).at("/response/numFound").asInt();
    assertTrue(near > 3 && near < 197, near + " of 200");
    assertEquals(near, count(two.at("/facets/near/buckets")));
    assertEquals(both, count(two.at("/facets/both/buckets")));
  }

  private static int count(JsonNode buckets) {
    int count = 0;
    for (JsonNode bucket : buckets) {
      count += bucket.get("count").asInt();
    }
    return count;
  }

  @Test
  void explanationTellsBothRanks() throws Exception {
    for (JsonNode response :
        List.of(
            whole(Map.of("q", HYBRID, "debug", "results")),
            sharded(Map.of("q", HYBRID, "debug", "results")))) {
      String first = SearchHits.of(response).get(0).id();
      String explanation = response.at("/debug/explain/" + first).asText();
      assertTrue(explanation.contains("reciprocal rank fusion, sum of:"), explanation);
      assertTrue(explanation.matches("(?s).*1 / \\(60 \\+ \\d+\\), rank \\d+ by words.*"));
      assertTrue(explanation.matches("(?s).*1 / \\(60 \\+ \\d+\\), rank \\d+ by vectors.*"));
    }
  }

  @Test
  void wordsAreHighlighted() throws Exception {
    JsonNode response =
        sharded(
            Map.of(
                "q", "{!llm2vecHybrid f=vector words='text:cell' v=$qq}",
                "hl", "true",
                "hl.fl", "text"));
    assertTrue(response.get("highlighting").toString().contains("<em>cell"));
  }

  @Test
  void handlerOfTheExampleNeedsTheTextOnly() throws Exception {
    String text = "qq=" + question.replaceAll("\\W+", "+");
    HttpResponse<String> response = node.get("/whole/hybrid?" + text + "&shards=" + shards);
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(10, JSON.readTree(response.body()).at("/response/docs").size());
  }

  @Test
  void partOfABooleanQuery() throws Exception {
    Map<String, String> params =
        Map.of(
            "q", "{!bool must=$hybrid filter='third_i:2'}",
            "hybrid",
                "{!llm2vecHybrid f=vector efSearch=200 qf=$wf depth=30 preFilter='third_i:2' v=$qq}");
    List<Hit> one = SearchHits.of(whole(params));
    assertTrue(one.size() >= 30, "both rankings hold 30 that pass: " + one.size());
    assertEquals(SearchHits.sorted(one), SearchHits.sorted(SearchHits.of(sharded(params))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {!llm2vecHybrid f=vector}                | the text to search for is empty
          {!llm2vecHybrid v=$qq}                   | parameter 'f' is missing
          {!llm2vecHybrid f=vector depth=0 v=$qq}  | depth must be at least 1, got 0
          """)
  void whatCannotBeSearchedIsRefused(String query, String message) throws Exception {
    HttpResponse<String> response = node.trySelect(WHOLE, with(Map.of("q", query)));
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(response.body().contains(message), response.body());
  }

  @Test
  void shardWithoutRanksIsRefused() throws Exception {
    HttpResponse<String> response =
        node.trySelect(LEFT, with(Map.of("q", HYBRID, "isShard", "true")));
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(response.body().contains("Llm2VecComponent in the last-components"));
  }

  private JsonNode whole(Map<String, String> params) throws Exception {
    return node.select(WHOLE, with(params));
  }

  private JsonNode sharded(Map<String, String> params) throws Exception {
    Map<String, String> all = with(params);
    all.put("shards", shards);
    return node.select(WHOLE, all);
  }

  private Map<String, String> with(Map<String, String> params) {
    Map<String, String> all = new HashMap<>(params);
    all.put("qq", question);
    all.put("wf", "title^2 text");
    all.putIfAbsent("rows", "200");
    all.putIfAbsent("fl", "id,title,score");
    return all;
  }
}
