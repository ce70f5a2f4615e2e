/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NegativeMinerTest {

  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;
  private NegativeMiner.Report report;

  /** Words of digits, which no stemmer changes, of very different frequency. */
  private static String text(Random random, int words) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < words; i++) {
      all.add(Integer.toString((int) Math.pow(400, random.nextDouble())));
    }
    return String.join(" ", all);
  }

  @Test
  void negativesStandAtTheRanksThatTheFormulaOfBm25Gives() throws IOException {
    Random random = new Random(7);
    List<String> queries = new ArrayList<>();
    List<String> positives = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      queries.add(text(random, 4));
      positives.add(text(random, 5 + random.nextInt(20)) + " own" + i);
      lines.add(line(queries.get(i), positives.get(i)));
    }
    double most = 0.3;
    List<JsonNode> mined = mine(lines, new NegativeMiner.Options(3, 12, most, 4, 1));
    int checked = 0;
    for (int i = 0; i < 300; i++) {
      double[] scores = bm25(queries.get(i), positives);
      for (JsonNode value : mined.get(i).get("negative")) {
        String negative = value.textValue();
        int number = positives.indexOf(negative);
        assertNotEquals(i, number);
        assertTrue(overlap(negative, positives.get(i)) < most, negative);
        // Equal scores stand in any order: the ranks that the text may have.
        int self = i;
        long better =
            IntStream.range(0, 300)
                .filter(j -> j != self && scores[j] > scores[number] + 1e-5)
                .count();
        long notWorse =
            IntStream.range(0, 300)
                .filter(j -> j != self && scores[j] > scores[number] - 1e-5)
                .count();
        assertTrue(better < 12 && notWorse >= 3, i + ": " + better + " to " + notWorse);
        checked++;
      }
    }
    assertTrue(checked > 900, "negatives: " + checked);
  }

  /** Robertson and Zaragoza 2009, with Lucene's idf, which is never negative. */
  private static double[] bm25(String query, List<String> documents) {
    Map<String, Integer> frequency = new HashMap<>();
    double length = 0;
    for (String document : documents) {
      length += document.split(" ").length;
      new HashSet<>(List.of(document.split(" ")))
          .forEach(word -> frequency.merge(word, 1, Integer::sum));
    }
    double mean = length / documents.size();
    double[] scores = new double[documents.size()];
    for (int i = 0; i < scores.length; i++) {
      List<String> words = List.of(documents.get(i).split(" "));
      for (String word : new HashSet<>(List.of(query.split(" ")))) {
        int df = frequency.getOrDefault(word, 0);
        double idf = Math.log(1 + (documents.size() - df + 0.5) / (df + 0.5));
        double tf = words.stream().filter(word::equals).count();
        scores[i] += idf * tf / (tf + 0.9 * (1 - 0.4 + 0.4 * words.size() / mean));
      }
    }
    return scores;
  }

  private static double overlap(String a, String b) {
    Set<String> one = new HashSet<>(List.of(a.split(" ")));
    Set<String> all = new HashSet<>(List.of(b.split(" ")));
    Set<String> common = new HashSet<>(one);
    common.retainAll(all);
    all.addAll(one);
    return (double) common.size() / all.size();
  }

  @Test
  void keepsWhatElseALineHasAndDrawsWhereNothingIsFound() throws IOException {
    List<String> lines =
        List.of(
            "{\"id\":7,\"query\":\"alpha\",\"pos\":[\"one two\",\"three four\"],\"neg\":[\"old\"]}",
            "{\"id\":8,\"query\":\"beta\",\"pos\":[\"five six\"],\"neg\":[\"old\"]}",
            "{\"id\":9,\"query\":\"gamma\",\"pos\":[\"seven eight\"],\"neg\":[\"old\"]}");
    List<JsonNode> mined = mine(lines, new NegativeMiner.Options(1, 5, 0.5, 1, 42));
    assertEquals(List.of(7, 8, 9), mined.stream().map(line -> line.get("id").intValue()).toList());
    for (JsonNode line : mined) {
      assertEquals(1, line.get("neg").size());
      String negative = line.get("neg").get(0).textValue();
      assertFalse(line.get("pos").toString().contains(negative), line.toString());
      assertNotEquals("old", negative);
      assertFalse(line.has("negative"));
    }
    assertEquals(new NegativeMiner.Report(3, 3), report);
  }

  @Test
  void writesTevatronsPassagesBack() throws IOException {
    List<String> lines =
        List.of(
            "{\"query\":\"alpha\",\"positive_passages\":[{\"docid\":\"a\",\"text\":\"one\"}],\"negative_passages\":[]}",
            "{\"query\":\"beta\",\"positive_passages\":[{\"docid\":\"b\",\"text\":\"two\"}],\"negative_passages\":[]}");
    List<JsonNode> mined = mine(lines, new NegativeMiner.Options(1, 5, 0.5, 1, 42));
    assertEquals("{\"text\":\"two\"}", mined.get(0).at("/negative_passages/0").toString());
    assertEquals("{\"text\":\"one\"}", mined.get(1).at("/negative_passages/0").toString());
  }

  @Test
  void givesTheSameEveryTimeAndOthersWithAnotherSeed() throws IOException {
    Random random = new Random(3);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 2500; i++) {
      lines.add(line(text(random, 3), text(random, 12)));
    }
    List<JsonNode> once = mine(lines, new NegativeMiner.Options(2, 10, 0.5, 1, 42));
    assertEquals(once, mine(lines, new NegativeMiner.Options(2, 10, 0.5, 1, 42)));
    assertNotEquals(once, mine(lines, new NegativeMiner.Options(2, 10, 0.5, 1, 43)));
    assertEquals(2500, once.size());
  }

  @Test
  void saysWhichLineHasNoOtherText() {
    List<String> lines = List.of(line("alpha", "one two"), line("beta", "two one"));
    DataFormatException failure =
        assertThrows(
            DataFormatException.class,
            () -> mine(lines, new NegativeMiner.Options(1, 5, 0.5, 1, 42)));
    assertTrue(failure.getMessage().contains("pairs.jsonl"), failure.getMessage());
    assertTrue(failure.getMessage().contains("different enough"), failure.getMessage());
    assertFalse(Files.exists(folder.resolve("mined.jsonl")));
    assertFalse(Files.exists(folder.resolve("work")));
  }

  @Test
  void refusesOptionsWithoutSense() {
    for (MiningOptionsCase bad :
        List.of(
            new MiningOptionsCase(0, 5, 0.5, 1),
            new MiningOptionsCase(6, 5, 0.5, 1),
            new MiningOptionsCase(1, 5, 0, 1),
            new MiningOptionsCase(1, 5, Double.NaN, 1),
            new MiningOptionsCase(1, 5, 0.5, 0))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new NegativeMiner.Options(bad.first(), bad.last(), bad.most(), bad.perQuery(), 1),
          bad.toString());
    }
  }

  private record MiningOptionsCase(int first, int last, double most, int perQuery) {}

  private List<JsonNode> mine(List<String> lines, NegativeMiner.Options options)
      throws IOException {
    Path pairs = Files.write(folder.resolve("pairs.jsonl"), lines);
    Path output = folder.resolve("mined.jsonl");
    List<Long> told = new ArrayList<>();
    report =
        new NegativeMiner(options, new CorruptLines(DataAccess.CorruptLinePolicy.ERROR))
            .mine(pairs, folder.resolve("work"), output, (done, all) -> told.add(done));
    assertEquals(told.stream().sorted(Comparator.naturalOrder()).toList(), told);
    assertEquals(lines.size(), told.get(told.size() - 1));
    List<JsonNode> mined = new ArrayList<>();
    for (String line : Files.readAllLines(output)) {
      mined.add(JSON.readTree(line));
    }
    return mined;
  }

  private static String line(String query, String positive) {
    return JSON.createObjectNode().put("query", query).put("positive", positive).toString();
  }
}
