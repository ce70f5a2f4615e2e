/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.trainer.config.DataAccess.CorruptLinePolicy;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.mteb.search.JavaScoreBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Negatives by vectors that the test made up, against all scores computed one by one. */
class DenseNegativeMinerTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int WIDTH = 12;

  @TempDir Path folder;

  private final Map<String, float[]> vectors = new LinkedHashMap<>();
  private int encoded;
  private int failAfter = Integer.MAX_VALUE;

  private final TextEncoder encoder =
      new TextEncoder() {
        @Override
        public int dimensions() {
          return WIDTH;
        }

        @Override
        public String fingerprint() {
          return "made up";
        }

        @Override
        public float[][] encode(List<String> texts, Prompt prompt) {
          encoded += texts.size();
          if (encoded > failAfter) {
            throw new IllegalStateException("the power is gone");
          }
          return texts.stream().map(text -> vectors.get(text).clone()).toArray(float[][]::new);
        }

        @Override
        public void close() {}
      };

  private List<JsonNode> mine(Path pairs, DenseNegativeMiner.Options options, String output)
      throws IOException {
    Path mined = folder.resolve(output);
    try (JavaScoreBlocks blocks = new JavaScoreBlocks(2)) {
      report =
          new DenseNegativeMiner(
                  encoder, "", blocks, options, new CorruptLines(CorruptLinePolicy.ERROR))
              .mine(
                  pairs,
                  folder.resolve("work"),
                  mined,
                  new DenseNegativeMiner.Listener() {
                    @Override
                    public void encoded(String what, int done, int all) {}

                    @Override
                    public void mined(long done, long all) {}
                  });
    }
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(mined)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  private DenseNegativeMiner.Report report;

  /** Queries near to their positives, some of which lie near to one another. */
  private Path pairs(int count) throws IOException {
    Random random = new Random(3);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<String> positives = new ArrayList<>();
      for (int p = 0; p <= i % 2; p++) {
        positives.add("p" + i + "-" + p);
        String near = p > 0 ? "p" + i + "-0" : i % 5 == 0 && i > 0 ? "p" + (i - 1) + "-0" : "";
        vectors.put("p" + i + "-" + p, random(random, near, 0.15));
      }
      vectors.put("q" + i, random(random, "p" + i + "-0", 0.5));
      lines.add(JSON.writeValueAsString(Map.of("query", "q" + i, "pos", positives, "id", i)));
    }
    return Files.write(folder.resolve("pairs.jsonl"), lines);
  }

  private float[] random(Random random, String near, double noise) {
    float[] vector = new float[WIDTH];
    float[] center = vectors.get(near);
    double squares = 0;
    for (int k = 0; k < WIDTH; k++) {
      double value = random.nextGaussian() / Math.sqrt(WIDTH);
      vector[k] = (float) (center == null ? value : center[k] + noise * value);
      squares += vector[k] * vector[k];
    }
    for (int k = 0; k < WIDTH; k++) {
      vector[k] /= (float) Math.sqrt(squares);
    }
    return vector;
  }

  private double score(String query, String document) {
    double sum = 0;
    for (int k = 0; k < WIDTH; k++) {
      sum += (double) vectors.get(query)[k] * vectors.get(document)[k];
    }
    return sum;
  }

  @Test
  void negativesStandBelowAShareOfThePositivesScore() throws IOException {
    int count = 120;
    Path pairs = pairs(count);
    List<String> documents =
        vectors.keySet().stream().filter(text -> text.startsWith("p")).toList();
    int first = 2;
    int last = 9;
    double share = 0.8;
    List<JsonNode> mined =
        mine(pairs, new DenseNegativeMiner.Options(first, last, share, 3, 5), "out.jsonl");
    assertEquals(count, mined.size());
    long tooNear = 0;
    long with = 0;
    for (int i = 0; i < count; i++) {
      String query = "q" + i;
      Set<String> positives = new HashSet<>();
      mined.get(i).get("pos").forEach(text -> positives.add(text.asText()));
      double lowest = positives.stream().mapToDouble(p -> score(query, p)).min().orElseThrow();
      double most = lowest - (1 - share) * Math.abs(lowest);
      List<String> ranked = new ArrayList<>(documents);
      ranked.removeAll(positives);
      ranked.sort(Comparator.comparingDouble(d -> -score(query, d)));
      List<String> left = ranked.stream().filter(d -> score(query, d) <= most).toList();
      List<String> allowed = left.subList(first - 1, Math.min(last, left.size()));
      int near = 0;
      int seen = 0;
      int depth = 4 * last + 1 - positives.size();
      for (int rank = 0; rank < Math.min(depth, ranked.size()) && seen < last; rank++) {
        if (score(query, ranked.get(rank)) > most) {
          near++;
        } else {
          seen++;
        }
      }
      tooNear += near;
      with += near > 0 ? 1 : 0;
      Set<String> negatives = new HashSet<>();
      mined.get(i).get("neg").forEach(text -> negatives.add(text.asText()));
      assertEquals(3, negatives.size());
      for (String negative : negatives) {
        assertTrue(allowed.contains(negative), query + ": " + negative + " of " + allowed);
      }
      assertEquals(i, mined.get(i).get("id").asInt());
    }
    assertTrue(tooNear > 0);
    assertEquals(new DenseNegativeMiner.Report(count, 0, tooNear, with), report);
    // The same once more, and no folder of vectors is left.
    assertEquals(
        mined,
        mine(pairs, new DenseNegativeMiner.Options(first, last, share, 3, 5), "again.jsonl"));
    assertFalse(Files.exists(folder.resolve("work")));
  }

  @Test
  void anInterruptedRunGoesOnWithItsVectors() throws IOException {
    Path pairs = pairs(30);
    failAfter = 40; // the queries, and some documents
    DenseNegativeMiner.Options options = new DenseNegativeMiner.Options(1, 5, 0.95, 1, 1);
    assertThrows(IllegalStateException.class, () -> mine(pairs, options, "out.jsonl"));
    assertFalse(Files.exists(folder.resolve("out.jsonl")));
    failAfter = Integer.MAX_VALUE;
    encoded = 0;
    assertEquals(30, mine(pairs, options, "out.jsonl").size());
    assertEquals(45, encoded);
  }

  @Test
  void whereNothingIsFarEnoughTheFarthestIsTaken() throws IOException {
    Path pairs =
        Files.writeString(
            folder.resolve("pairs.jsonl"),
            "{\"query\": \"a\", \"positive\": \"x\"}\n{\"query\": \"a\", \"positive\": \"y\"}\n");
    for (String text : List.of("a", "x", "y")) {
      vectors.put(text, random(new Random(1), "", 0));
    }
    DenseNegativeMiner.Options options = new DenseNegativeMiner.Options(1, 5, 0.95, 1, 1);
    List<JsonNode> mined = mine(pairs, options, "out.jsonl");
    assertEquals("y", mined.get(0).get("negative").asText());
    assertEquals("x", mined.get(1).get("negative").asText());
    assertEquals(new DenseNegativeMiner.Report(2, 2, 2, 2), report);
    Path alone =
        Files.writeString(folder.resolve("one.jsonl"), "{\"query\": \"a\", \"positive\": \"x\"}\n");
    DataFormatException failure =
        assertThrows(DataFormatException.class, () -> mine(alone, options, "one-out.jsonl"));
    assertTrue(failure.getMessage().contains("but its own positives"), failure.getMessage());
  }
}
