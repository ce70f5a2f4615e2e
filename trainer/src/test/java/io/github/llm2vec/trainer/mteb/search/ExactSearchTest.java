/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExactSearchTest {

  @TempDir Path folder;

  private static VectorStore store(Path where, WordVectorEncoder encoder, List<String> texts)
      throws IOException {
    return new VectorStoreBuilder(where, encoder, Prompt.document(), 1000)
        .build(RecordStream.of(texts), (vectors, encoded) -> {});
  }

  private static List<String> texts(long seed, int count) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                random
                    .ints(1 + random.nextInt(6), 0, 40)
                    .mapToObj(word -> "w" + word)
                    .collect(Collectors.joining(" ")))
        .toList();
  }

  @Test
  void multipliesLikeTheDefinition() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int run = 0; run < 40; run++) {
      int queries = 1 + random.nextInt(7);
      int documents = 1 + random.nextInt(300);
      int dimensions = 1 + random.nextInt(run % 2 == 0 ? 30 : 600);
      float[] q = floats(random, queries * dimensions);
      float[] d = floats(random, documents * dimensions);
      ByteBuffer bytes =
          ByteBuffer.allocateDirect(d.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(d);
      float[] scores = new float[queries * documents];
      try (ScoreBlocks blocks = run % 4 == 3 ? torch() : new JavaScoreBlocks(1 + run % 3);
          ScoreBlocks.Queries prepared = blocks.prepare(q, dimensions)) {
        prepared.score(bytes, documents, scores);
        // A second block must not see the first.
        prepared.score(bytes, documents, scores);
      }
      for (int i = 0; i < queries; i++) {
        for (int j = 0; j < documents; j++) {
          double expected = 0;
          for (int k = 0; k < dimensions; k++) {
            expected += (double) q[i * dimensions + k] * d[j * dimensions + k];
          }
          assertEquals(
              expected,
              scores[i * documents + j],
              1e-5 * Math.sqrt(dimensions),
              "seed " + seed + ", run " + run + ", query " + i + ", document " + j);
        }
      }
    }
  }

  private static ScoreBlocks torch() {
    return TorchScoreBlocks.open(TorchDevice.CPU);
  }

  private static float[] floats(Random random, int count) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = (float) random.nextGaussian();
    }
    return floats;
  }

  @Test
  void findsTheBestInEveryShardWhateverTheMemory() throws IOException {
    WordVectorEncoder encoder = new WordVectorEncoder(33);
    VectorStore documents = store(folder.resolve("documents"), encoder, texts(1, 3456));
    VectorStore queries = store(folder.resolve("queries"), encoder, texts(2, 21));
    float[] d = documents.copy(0, documents.size());
    float[] q = queries.copy(0, queries.size());
    List<String> results = new ArrayList<>();
    try (ScoreBlocks blocks = new JavaScoreBlocks(2)) {
      for (long bytes : new long[] {1, 40_000, ExactSearch.DEFAULT_MAX_BYTES}) {
        List<Integer> percents = new ArrayList<>();
        List<Ranking> rankings =
            new ExactSearch(blocks, bytes).search(queries, documents, 50, percents::add);
        assertEquals(21, rankings.size());
        assertEquals(100, percents.get(percents.size() - 1));
        for (int i = 0; i < rankings.size(); i++) {
          assertNearest(rankings.get(i), q, i * 33, d, 33);
        }
        results.add(rankings.toString());
      }
    }
    assertEquals(results.get(0), results.get(1));
    assertEquals(results.get(0), results.get(2));
  }

  /** Equal scores are possible, as texts repeat, so documents are compared by their scores. */
  private static void assertNearest(Ranking ranking, float[] q, int at, float[] d, int width) {
    double[] truth =
        IntStream.range(0, d.length / width)
            .mapToDouble(
                j ->
                    IntStream.range(0, width)
                        .mapToDouble(k -> (double) q[at + k] * d[j * width + k])
                        .sum())
            .toArray();
    double[] best =
        IntStream.range(0, truth.length)
            .boxed()
            .map(j -> truth[j])
            .sorted(Comparator.reverseOrder())
            .mapToDouble(Double::doubleValue)
            .toArray();
    assertEquals(50, ranking.size());
    for (int rank = 0; rank < ranking.size(); rank++) {
      assertEquals(best[rank], ranking.score(rank), 1e-5);
      assertEquals(truth[ranking.document(rank)], ranking.score(rank), 1e-5);
      if (rank > 0 && ranking.score(rank) == ranking.score(rank - 1)) {
        assertTrue(ranking.document(rank) > ranking.document(rank - 1), "ties by number");
      }
    }
  }

  @Test
  void countsAVectorThatIsNotANumberAsMinusOne() {
    TopHits hits = new TopHits(3);
    hits.offer(0, new float[] {-2, Float.NaN, 0.5f, -0.5f}, 0, 4);
    Ranking ranking = hits.drain();
    assertEquals("[2, 3, 1][0.5, -0.5, -1.0]", ranking.toString());
  }

  @Test
  void refusesVectorsOfDifferentEncoders() throws IOException {
    VectorStore documents =
        store(folder.resolve("documents"), new WordVectorEncoder(8), texts(1, 5));
    VectorStore queries = store(folder.resolve("queries"), new WordVectorEncoder(9), texts(1, 5));
    try (ScoreBlocks blocks = new JavaScoreBlocks(1)) {
      IllegalArgumentException failure =
          assertThrows(
              IllegalArgumentException.class,
              () -> new ExactSearch(blocks).search(queries, documents, 1, percent -> {}));
      assertTrue(failure.getMessage().startsWith("queries of 9 dimensions"));
    }
  }

  @Test
  void findsTheSameThroughLibtorch() throws IOException {
    WordVectorEncoder encoder = new WordVectorEncoder(33);
    VectorStore documents = store(folder.resolve("documents"), encoder, texts(5, 2500));
    VectorStore queries = store(folder.resolve("queries"), encoder, texts(6, 9));
    float[] d = documents.copy(0, documents.size());
    float[] q = queries.copy(0, queries.size());
    try (ScoreBlocks blocks = torch()) {
      for (long bytes : new long[] {1, ExactSearch.DEFAULT_MAX_BYTES}) {
        List<Ranking> rankings =
            new ExactSearch(blocks, bytes).search(queries, documents, 50, percent -> {});
        for (int i = 0; i < rankings.size(); i++) {
          assertNearest(rankings.get(i), q, i * 33, d, 33);
        }
      }
    }
  }

  @Test
  void searchesACorpusTenTimesTheHeap() throws IOException, InterruptedException {
    WordVectorEncoder encoder = new WordVectorEncoder(1024);
    VectorStore documents = store(folder.resolve("documents"), encoder, texts(3, 41_000));
    VectorStore queries = store(folder.resolve("queries"), encoder, texts(4, 6));
    assertTrue(documents.bytes() > 10 * (16L << 20), "the corpus is too small to show anything");
    String output = inSmallJvm(System.getProperty("java.class.path"));
    try (ScoreBlocks blocks = new JavaScoreBlocks(2)) {
      assertEquals(
          new ExactSearch(blocks).search(queries, documents, 20, percent -> {}).toString(), output);
    }
  }

  @Test
  void searchesInJavaAndSaysSoWhereThereIsNoLibtorch() throws IOException, InterruptedException {
    WordVectorEncoder encoder = new WordVectorEncoder(8);
    store(folder.resolve("documents"), encoder, texts(7, 40));
    store(folder.resolve("queries"), encoder, texts(8, 1));
    String without =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(path -> !path.contains("pytorch-native"))
            .collect(Collectors.joining(File.pathSeparator));
    String output = inSmallJvm(without);
    assertTrue(output.contains("The exact search runs in Java"), output);
    assertTrue(output.lines().reduce("", (a, b) -> b).startsWith("["), output);
  }

  private String inSmallJvm(String classPath) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx16m",
                "-cp",
                classPath,
                SearchMain.class.getName(),
                folder.toString())
            .redirectErrorStream(true);
    builder.environment().put("DJL_OFFLINE", "true");
    // Natives that another process has unpacked would stand in for those that are missing.
    builder.environment().put("DJL_CACHE_DIR", folder.resolve("djl").toString());
    Process child = builder.start();
    String output;
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      output = reader.lines().collect(Collectors.joining("\n"));
    }
    assertEquals(0, child.waitFor(), output);
    return output;
  }

  /** Searches in a JVM of its own. */
  static final class SearchMain {
    private SearchMain() {}

    /** In Java, because the threads of libtorch leave too little of a small JVM. */
    private static ScoreBlocks blocks() {
      boolean hasTorch = System.getProperty("java.class.path").contains("pytorch-native");
      return hasTorch
          ? new JavaScoreBlocks(1)
          : TorchScoreBlocks.orJava(TorchDevice.CPU, 1, System.out::println);
    }

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      try (ScoreBlocks blocks = blocks()) {
        System.out.println(
            new ExactSearch(blocks, 2 << 20)
                .search(
                    VectorStore.open(folder.resolve("queries")),
                    VectorStore.open(folder.resolve("documents")),
                    20,
                    percent -> {}));
      }
    }
  }
}
