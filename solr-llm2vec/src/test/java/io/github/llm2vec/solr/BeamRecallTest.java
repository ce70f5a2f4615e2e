/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * How many of the ten documents nearest to a query {@code {!llm2vec}} finds as it is, in
 * collections of BEIR's format with the model {@code mini}, and how long a request takes. The
 * folders are named by {@code -Dllm2vec.beir=DIR,DIR}; each has {@code corpus.jsonl} and {@code
 * queries.jsonl}.
 */
@EnabledIfSystemProperty(named = "llm2vec.beir", matches = ".+")
class BeamRecallTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int QUERIES = 200;
  private static final int BATCH = 256;
  private static final int TOP_K = 10;

  @TempDir private Path home;

  /** What came of the queries with one beam. */
  private record Measured(double recall, double worst, double medianMillis, double p99Millis) {}

  @Test
  void theDefaultBeamFindsTheTrueNeighbours() throws Exception {
    Files.writeString(
        home.resolve(ModelsFile.NAME), "{\"models\": {\"default\": {\"model\": \"mini\"}}}");
    try (SolrNode node = SolrNode.start(home)) {
      for (String folder : System.getProperty("llm2vec.beir").split(",", -1)) {
        measure(node, Path.of(folder));
      }
    }
  }

  private static void measure(SolrNode node, Path folder) throws Exception {
    String core = folder.getFileName().toString();
    node.createCore(core, Map.of("llm2vec.dims", "512"));
    index(node, core, folder);
    List<String> queries = texts(folder.resolve("queries.jsonl")).limit(QUERIES).toList();
    Map<String, float[]> vectors = node.vectors(core);
    List<Set<String>> nearest = new ArrayList<>();
    for (String query : queries) {
      nearest.add(nearest(vectors, queryVector(node, core, query)));
    }
    // The first round warms up, encodes the queries and is forgotten.
    search(node, core, "", queries, nearest);
    Map<String, Measured> byBeam = new LinkedHashMap<>();
    for (String beam : List.of("", "efSearch=10", "efSearch=100", "efSearch=200", "efSearch=400")) {
      Measured measured = search(node, core, beam, queries, nearest);
      System.err.printf(
          "%s: %d documents, %d queries, beam '%s': recall@10 %.4f, worst query %.1f,"
              + " median %.2f ms, 99th percentile %.2f ms%n",
          core,
          vectors.size(),
          queries.size(),
          beam,
          measured.recall(),
          measured.worst(),
          measured.medianMillis(),
          measured.p99Millis());
      byBeam.put(beam, measured);
    }
    assertTrue(byBeam.get("").recall() >= 0.95, byBeam.toString());
  }

  private static Stream<String> texts(Path file) throws Exception {
    List<String> texts = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode node = JSON.readTree(line);
      texts.add((node.path("title").asText("") + " " + node.path("text").asText("")).strip());
    }
    return texts.stream();
  }

  private static void index(SolrNode node, String core, Path folder) throws Exception {
    List<String> texts = texts(folder.resolve("corpus.jsonl")).toList();
    for (int from = 0; from < texts.size(); from += BATCH) {
      List<Map<String, String>> batch = new ArrayList<>();
      for (int i = from; i < Math.min(texts.size(), from + BATCH); i++) {
        batch.add(Map.of("id", "" + i, "text", texts.get(i)));
      }
      HttpResponse<String> response = node.update(core, "", JSON.writeValueAsString(batch));
      assertEquals(200, response.statusCode(), response.body());
    }
    assertEquals(200, node.update(core, "commit=true", "[]").statusCode());
  }

  private static float[] queryVector(SolrNode node, String core, String query) throws Exception {
    HttpResponse<String> response =
        node.post(
            "/" + core + "/llm2vec",
            "application/x-www-form-urlencoded",
            "action=encode&model=default&text=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
    JsonNode values = JSON.readTree(response.body()).get("vector");
    float[] vector = new float[values.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) values.get(i).asDouble();
    }
    return vector;
  }

  private static Set<String> nearest(Map<String, float[]> vectors, float[] query) {
    record Scored(String id, double score) {}
    List<Scored> scored = new ArrayList<>(vectors.size());
    vectors.forEach(
        (id, vector) -> {
          double dot = 0;
          for (int i = 0; i < vector.length; i++) {
            dot += (double) vector[i] * query[i];
          }
          scored.add(new Scored(id, dot));
        });
    scored.sort(Comparator.comparingDouble(Scored::score).reversed());
    Set<String> ids = new HashSet<>();
    scored.subList(0, TOP_K).forEach(hit -> ids.add(hit.id()));
    return ids;
  }

  private static Measured search(
      SolrNode node, String core, String beam, List<String> queries, List<Set<String>> nearest)
      throws Exception {
    double found = 0;
    double worst = 1;
    double[] millis = new double[queries.size()];
    for (int i = 0; i < queries.size(); i++) {
      long start = System.nanoTime();
      JsonNode response =
          node.select(
              core,
              Map.of(
                  "q",
                  "{!llm2vec f=vector topK=" + TOP_K + " cache=false " + beam + " v=$qq}",
                  "qq",
                  queries.get(i),
                  "fl",
                  "id,score",
                  "rows",
                  TOP_K));
      millis[i] = (System.nanoTime() - start) / 1e6;
      int hits = 0;
      for (SearchHits.Hit hit : SearchHits.of(response)) {
        hits += nearest.get(i).contains(hit.id()) ? 1 : 0;
      }
      found += hits;
      worst = Math.min(worst, (double) hits / TOP_K);
    }
    Arrays.sort(millis);
    return new Measured(
        found / (TOP_K * queries.size()),
        worst,
        millis[millis.length / 2],
        millis[(int) (millis.length * 0.99)]);
  }
}
