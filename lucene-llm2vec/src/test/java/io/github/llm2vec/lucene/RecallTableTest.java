/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Writes the table of recall of {@code docs/lucene.md} to {@code recall.txt} in the build folder:
 *
 * <pre>{@code
 * ./mvnw -pl lucene-llm2vec test -Dtest=RecallTableTest \
 *     -Dllm2vec.recall.documents=documents.npy -Dllm2vec.recall.queries=queries.npy
 * }</pre>
 *
 * with two matrices of float32 as {@code bin/llm2vec encode} writes them, or {@code
 * random:20000x1024} in place of the documents for clustered random vectors.
 */
@Tag("slow")
@EnabledIfSystemProperty(
    named = RecallTableTest.DOCUMENTS,
    matches = ".+",
    disabledReason = "it needs vectors and minutes: set llm2vec.recall.documents")
class RecallTableTest {

  static final String DOCUMENTS = "llm2vec.recall.documents";
  private static final String QUERIES = "llm2vec.recall.queries";
  private static final String RANDOM = "random:";

  @Test
  void writesTheTable() throws Exception {
    RecallCheck check = check(System.getProperty(DOCUMENTS));
    List<String> rows = new ArrayList<>();
    rows.add(SimdSupport.detect().summary());
    for (int[] graph : new int[][] {{16, 100}, {32, 200}}) {
      rows.addAll(
          check.table(
              VectorFormatOptions.DEFAULTS.withGraph(graph[0], graph[1]),
              VectorQuantization.FLOAT32,
              VectorQuantization.INT8,
              VectorQuantization.INT4));
    }
    Path target = Path.of(RecallTableTest.class.getResource("/").toURI()).getParent();
    Files.write(target.resolve("recall.txt"), rows);
    double best = rows.stream().mapToDouble(RecallTableTest::recall).max().orElseThrow();
    assertTrue(best >= 0.99, "the best recall@10 was " + best);
  }

  private static double recall(String row) {
    int at = row.indexOf("recall@10=");
    return at < 0 ? 0 : Double.parseDouble(row.substring(at + 10, at + 15));
  }

  private static RecallCheck check(String documents) throws Exception {
    if (!documents.startsWith(RANDOM)) {
      return new RecallCheck(
          unit(NumpyVectors.read(Path.of(documents))),
          unit(NumpyVectors.read(Path.of(System.getProperty(QUERIES)))));
    }
    int[] size =
        Stream.of(documents.substring(RANDOM.length()).split("x", -1))
            .mapToInt(Integer::parseInt)
            .toArray();
    assertEquals(2, size.length, documents);
    ClusteredVectors source = new ClusteredVectors(7, size[0] / 50, size[1], 1);
    return new RecallCheck(source.next(size[0]), source.next(100));
  }

  private static float[][] unit(float[][] vectors) {
    for (float[] vector : vectors) {
      EncodedVectors.toUnitLength(vector);
    }
    return vectors;
  }
}
