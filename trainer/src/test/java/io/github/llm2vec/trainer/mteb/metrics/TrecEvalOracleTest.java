/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.mteb.results.RunFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every measure of every query equals pytrec_eval's, on what {@code make_trec_eval_cases.py} wrote:
 * the fixture, and the folder of the property {@code llm2vec.oracle} if it is set.
 */
class TrecEvalOracleTest {

  private static final double TOLERANCE = 1e-9;

  @TestFactory
  List<DynamicTest> equalsTrecEval() throws IOException, URISyntaxException {
    List<Path> roots = new ArrayList<>();
    roots.add(Path.of(TrecEvalOracleTest.class.getResource("/mteb/trec_eval").toURI()));
    String more = System.getProperty("llm2vec.oracle", "");
    if (!more.isEmpty()) {
      roots.add(Path.of(more));
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path root : roots) {
      try (Stream<Path> files = Files.walk(root)) {
        files
            .filter(file -> file.toString().endsWith(".run.gz"))
            .sorted()
            .forEach(
                run ->
                    tests.add(
                        DynamicTest.dynamicTest(
                            root.relativize(run).toString(), () -> compare(run))));
      }
    }
    assertTrue(tests.size() >= 8, "the fixture has 8 runs, found " + tests.size());
    return tests;
  }

  private static void compare(Path run) throws IOException {
    Qrels judgements = Qrels.of(qrels(run.resolveSibling("qrels.txt.gz")));
    JsonNode expected;
    try (GZIPInputStream in =
        new GZIPInputStream(
            Files.newInputStream(
                Path.of(run.toString().replace(".run.gz", ".expected.json.gz"))))) {
      expected = new ObjectMapper().readTree(in);
    }
    List<RetrievalMeasure> measures = new ArrayList<>();
    expected.get("names").forEach(name -> measures.add(measure(name.asText())));
    RetrievalEvaluator evaluator = new RetrievalEvaluator(judgements, measures);

    Map<String, List<Hit>> rankings = new LinkedHashMap<>();
    expected.get("empty").forEach(query -> rankings.put(query.asText(), List.of()));
    RunFile.read(run)
        .hits()
        .forEach(
            (query, hits) -> {
              // The order of the file must not matter.
              List<Hit> reversed = new ArrayList<>(hits);
              Collections.reverse(reversed);
              rankings.put(query, reversed);
            });
    RetrievalScores scores = RetrievalScores.of(evaluator, judgements, rankings);

    assertEquals(expected.get("queries").size(), scores.queries().size(), "measured queries");
    for (int i = 0; i < measures.size(); i++) {
      RetrievalMeasure measure = measures.get(i);
      String name = trecName(measure);
      for (String query : scores.queries()) {
        assertEquals(
            expected.get("queries").get(query).get(i).asDouble(),
            scores.value(query, measure),
            TOLERANCE,
            name + " of query " + query);
      }
      assertEquals(expected.get("mean").get(name).asDouble(), scores.mean(measure), TOLERANCE);
    }
  }

  private static String trecName(RetrievalMeasure measure) {
    boolean whole = measure.cutoff() == RetrievalMeasure.WHOLE;
    return switch (measure.kind()) {
      case NDCG -> whole ? "ndcg" : "ndcg_cut_" + measure.cutoff();
      case MAP -> whole ? "map" : "map_cut_" + measure.cutoff();
      case MRR -> whole ? "recip_rank" : "recip_rank_cut_" + measure.cutoff();
      case RECALL -> whole ? "set_recall" : "recall_" + measure.cutoff();
      case PRECISION -> whole ? "set_P" : "P_" + measure.cutoff();
    };
  }

  private static RetrievalMeasure measure(String trecName) {
    for (RetrievalMeasure.Kind kind : RetrievalMeasure.Kind.values()) {
      RetrievalMeasure whole = new RetrievalMeasure(kind, RetrievalMeasure.WHOLE);
      if (trecName(whole).equals(trecName)) {
        return whole;
      }
      for (int cutoff : RetrievalMeasure.MTEB_CUTOFFS) {
        RetrievalMeasure measure = new RetrievalMeasure(kind, cutoff);
        if (trecName(measure).equals(trecName)) {
          return measure;
        }
      }
    }
    throw new AssertionError("no measure is called " + trecName);
  }

  private static Map<String, Map<String, Integer>> qrels(Path file) throws IOException {
    Map<String, Map<String, Integer>> grades = new LinkedHashMap<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line : lines.lines().toList()) {
        String[] columns = line.split(" ", -1);
        grades
            .computeIfAbsent(columns[0], query -> new LinkedHashMap<>())
            .put(columns[2], Integer.parseInt(columns[3]));
      }
    }
    return grades;
  }
}
