/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.MatrixCluster.Topology;
import io.github.llm2vec.solr.MatrixTruth.Filter;
import io.github.llm2vec.solr.MatrixTruth.Parser;
import io.github.llm2vec.solr.MatrixTruth.Search;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every parser at every place of a request with every kind of filter and text, on one core, over
 * {@code shards=} and in a collection, against {@link MatrixTruth}. Texts are random; the seed of a
 * failure is in its message. {@code -Dllm2vec.long=true} takes 40 seeds instead of 2, {@code
 * -Dllm2vec.seeds=N} so many, {@code -Dllm2vec.seed=N} one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QueryMatrixTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double TOLERANCE = 2e-5;
  private static final int MOST_FAILURES = 10;

  private MatrixCluster cluster;
  private MatrixTruth truth;

  /** Where the search stands in the request. */
  enum Place {
    MAIN,
    DEFAULT_TYPE,
    FILTER,
    CLAUSE,
    BOOST,
    SORT,
    FIELD,
    RERANK,
    FACET_QUERY,
    GROUP_QUERY,
    GROUPED,
    JSON_QUERY,
    JSON_DOMAIN,
    HIGHLIGHTED
  }

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    cluster = new MatrixCluster(folder.resolve("cluster"));
    truth = new MatrixTruth(cluster);
  }

  @AfterAll
  void stop() throws Exception {
    cluster.close();
  }

  @Test
  void everyParserAtEveryPlaceWithEveryFilter() throws Exception {
    List<String> failures = new ArrayList<>();
    int combinations = 0;
    for (long seed : seeds()) {
      Random random = new Random(seed);
      for (Parser parser : Parser.values()) {
        for (Place place : Place.values()) {
          for (Filter filter : Filter.values()) {
            if (filter == Filter.COLLAPSED && place != Place.MAIN && place != Place.HIGHLIGHTED) {
              continue; // The best of a group is anyone's where all score alike.
            }
            Search search = Search.random(parser, MatrixTexts.random(random), random);
            for (Topology topology : Topology.values()) {
              combinations++;
              check(seed, search, place, filter, topology, failures);
            }
          }
        }
      }
    }
    report(failures, combinations);
  }

  @Test
  void everyCharacter() throws Exception {
    List<String> failures = new ArrayList<>();
    int combinations = 0;
    Random random = new Random(1);
    for (String text : MatrixTexts.withEveryCharacter()) {
      for (Parser parser : List.of(Parser.NEAREST, Parser.HYBRID)) {
        Search search = Search.random(parser, text, random);
        for (Topology topology : Topology.values()) {
          combinations++;
          check(1, search, Place.MAIN, Filter.NONE, topology, failures);
        }
      }
    }
    report(failures, combinations);
  }

  private static void report(List<String> failures, int combinations) {
    System.out.println("QueryMatrixTest: " + combinations + " combinations");
    if (!failures.isEmpty()) {
      fail(
          "%d of %d combinations differ:%n%s"
              .formatted(
                  failures.size(),
                  combinations,
                  String.join(
                      "\n", failures.subList(0, Math.min(MOST_FAILURES, failures.size())))));
    }
  }

  private static List<Long> seeds() {
    Long given = Long.getLong("llm2vec.seed");
    if (given != null) {
      return List.of(given);
    }
    int count = Integer.getInteger("llm2vec.seeds", Boolean.getBoolean("llm2vec.long") ? 40 : 2);
    List<Long> seeds = new ArrayList<>();
    for (long seed = 1; seed <= count; seed++) {
      seeds.add(seed);
    }
    return seeds;
  }

  private void check(
      long seed,
      Search search,
      Place place,
      Filter filter,
      Topology topology,
      List<String> failures) {
    Map<String, Object> params = params(search, place, filter);
    try {
      cluster.encoded();
      HttpResponse<String> response = cluster.select(topology, params);
      List<String> encoded = cluster.encoded();
      assertTrue(
          encoded.stream().distinct().count() <= 1 && encoded.stream().allMatch(search::isFor),
          () -> "encoded " + encoded);
      if (search.isRefused(truth)) {
        assertEquals(400, response.statusCode(), response.body());
        return;
      }
      assertEquals(200, response.statusCode(), response.body());
      compare(search, place, filter, topology, JSON.readTree(response.body()));
    } catch (Exception | AssertionError e) {
      String message = String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
      failures.add(
          "seed %d %s %s %s: %s%n  %s"
              .formatted(
                  seed,
                  topology,
                  place,
                  filter,
                  JSON.valueToTree(params),
                  message.substring(0, Math.min(600, message.length()))));
    }
  }

  private static String json(Map<String, Object> value) {
    return JSON.valueToTree(value).toString();
  }

  private static Map<String, Object> params(Search search, Place place, Filter filter) {
    Map<String, Object> params = new TreeMap<>();
    params.put("q", "type_s:document^=1");
    params.put("fl", "id,score");
    params.put("rows", 1000);
    params.put("qq", search.text());
    params.put("near", search.query());
    params.put("bump", "mul(number_i,0.0001)");
    params.put("expandMacros", false);
    if (!filter.query().isEmpty()) {
      params.put("fq", filter.query());
    }
    switch (place) {
      case MAIN -> params.put("q", search.query());
      case DEFAULT_TYPE -> {
        params.put("q", search.text());
        params.putAll(search.parameters());
        params.replace("which", "*:* -_nest_path_:*");
        params.replace("bf", params.get("bump"));
        params.put("defType", search.parser().type());
      }
      case FILTER -> params.put("fq", List.of(filter.query(), search.query()));
      case CLAUSE -> params.put("q", "{!bool must=$near filter='number_i:[100 TO 9999]'}");
      case BOOST -> {
        params.put("q", "{!edismax qf=id q.alt='type_s:document^=1' bq=$near v=''}");
      }
      case SORT -> params.put("sort", "query($near,0) desc, number_i asc");
      case FIELD -> params.put("fl", "id,found:query($near,0)");
      case RERANK -> params.put("rq", "{!rerank reRankQuery=$near reRankDocs=1000 reRankWeight=1}");
      case FACET_QUERY -> {
        params.put("facet", true);
        params.put("facet.query", search.query().replaceFirst(" f=", " key=found f="));
      }
      case GROUP_QUERY -> {
        params.put("group", true);
        params.put("group.query", search.query());
        params.put("group.limit", 1000);
        // Solr merges groups whose documents all score alike with an assertion that fails.
        params.put("sort", "number_i asc");
      }
      case GROUPED -> {
        params.put("q", search.query());
        params.put("group", true);
        params.put("group.field", "group_s");
        params.put("group.limit", 1000);
        params.put("sort", "number_i asc");
      }
      case JSON_QUERY ->
          params.put(
              "json.facet", json(Map.of("found", Map.of("type", "query", "q", search.query()))));
      case JSON_DOMAIN ->
          params.put(
              "json.facet",
              json(
                  Map.of(
                      "found",
                      Map.of(
                          "type", "query",
                          "q", "*:*",
                          "domain", Map.of("filter", Map.of("param", "near"))))));
      case HIGHLIGHTED -> {
        params.put("q", search.query());
        params.put("hl", true);
        params.put("hl.fl", "text");
        params.put(
            "hl.method",
            List.of("unified", "original", "fastVector").get(search.text().length() % 3));
      }
    }
    return params;
  }

  private void compare(
      Search search, Place place, Filter filter, Topology topology, JsonNode response)
      throws Exception {
    // As Solr's own parser, ours take the filters of the request where a query is parsed by itself.
    boolean filtered =
        place != Place.FILTER
            && place != Place.CLAUSE
            && place != Place.BOOST
            && place != Place.SORT
            && place != Place.FIELD
            && place != Place.JSON_QUERY
            && place != Place.JSON_DOMAIN;
    Map<String, Double> found =
        truth.hits(search, topology, filtered ? filter : Filter.NONE, filter);
    Map<String, Double> base = truth.base(filter);
    Map<String, Double> expected = new TreeMap<>();
    switch (place) {
      case MAIN, DEFAULT_TYPE, HIGHLIGHTED, GROUPED -> expected.putAll(filter.after(found, truth));
      case FILTER ->
          found.keySet().stream().filter(base::containsKey).forEach(id -> expected.put(id, 1.0));
      case CLAUSE ->
          found.forEach(
              (id, score) -> {
                if (filter.accepts(truth.document(id)) && truth.document(id).number() > 99) {
                  expected.put(id, score);
                }
              });
      case BOOST, RERANK ->
          base.forEach((id, score) -> expected.put(id, 1 + found.getOrDefault(id, 0.0)));
      case SORT, FIELD ->
          base.forEach((id, score) -> expected.put(id, found.getOrDefault(id, 0.0)));
      default ->
          found.keySet().stream().filter(base::containsKey).forEach(id -> expected.put(id, 1.0));
    }
    switch (place) {
      case FACET_QUERY ->
          assertEquals(expected.size(), response.at("/facet_counts/facet_queries/found").asInt());
      case JSON_QUERY, JSON_DOMAIN ->
          assertEquals(expected.size(), response.at("/facets/found/count").asInt());
      case GROUP_QUERY ->
          assertEquals(
              expected.keySet(),
              scores(response.get("grouped").elements().next().at("/doclist/docs"), "score")
                  .keySet());
      case GROUPED -> {
        Set<String> ids = new TreeSet<>();
        for (JsonNode group : response.at("/grouped/group_s/groups")) {
          ids.addAll(scores(group.at("/doclist/docs"), "score").keySet());
        }
        assertEquals(expected.keySet(), ids);
      }
      case SORT -> {
        List<String> order = new ArrayList<>(expected.keySet());
        order.sort(
            (left, right) -> {
              int byScore = Double.compare(expected.get(right), expected.get(left));
              return byScore != 0
                  ? byScore
                  : truth.document(left).number() - truth.document(right).number();
            });
        List<String> ids = new ArrayList<>();
        response.at("/response/docs").forEach(document -> ids.add(document.get("id").asText()));
        if (search.parser().ranked()) {
          assertEquals(expected.keySet(), new TreeSet<>(ids));
        } else {
          assertEquals(order, ids);
        }
      }
      default -> {
        String field = place == Place.FIELD ? "found" : "score";
        Map<String, Double> scores = scores(response.at("/response/docs"), field);
        if (filter == Filter.COLLAPSED) {
          // Which of two that score alike stands for a group is not said.
          assertClose(sorted(expected), sorted(scores));
        } else {
          assertEquals(expected.keySet(), scores.keySet());
          expected.forEach((id, score) -> assertEquals(score, scores.get(id), TOLERANCE, id));
        }
        assertEquals(expected.size(), response.at("/response/numFound").asInt());
      }
    }
  }

  private static List<Double> sorted(Map<String, Double> scores) {
    return scores.values().stream().sorted().toList();
  }

  private static void assertClose(List<Double> expected, List<Double> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), found.get(i), TOLERANCE);
    }
  }

  private static Map<String, Double> scores(JsonNode documents, String field) {
    Map<String, Double> scores = new TreeMap<>();
    for (JsonNode document : documents) {
      scores.put(document.get("id").asText(), document.path(field).asDouble());
    }
    return scores;
  }
}
