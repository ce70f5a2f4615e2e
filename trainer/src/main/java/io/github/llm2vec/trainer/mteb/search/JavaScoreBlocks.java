/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.apache.lucene.util.VectorUtil;

/** Dot products by Lucene's kernels, on several threads: for platforms without libtorch. */
public final class JavaScoreBlocks implements ScoreBlocks {

  private final ForkJoinPool threads;

  /** Starts so many threads. */
  public JavaScoreBlocks(int threads) {
    this.threads = new ForkJoinPool(threads);
  }

  @Override
  public Queries prepare(float[] queries, int dimensions) {
    if (dimensions < 1 || queries.length % dimensions != 0) {
      throw new IllegalArgumentException(
          queries.length + " floats are no queries of " + dimensions + " dimensions");
    }
    float[][] rows = new float[queries.length / dimensions][];
    Arrays.setAll(rows, q -> Arrays.copyOfRange(queries, q * dimensions, (q + 1) * dimensions));
    return new Queries() {
      @Override
      public void score(ByteBuffer documents, int count, float[] scores) {
        FloatBuffer vectors = documents.asFloatBuffer();
        IntStream all = IntStream.range(0, count).parallel();
        threads.submit(() -> all.forEach(d -> scoreOne(vectors, d, count, scores))).join();
      }

      private void scoreOne(FloatBuffer vectors, int d, int count, float[] scores) {
        float[] document = new float[dimensions];
        vectors.get(d * dimensions, document);
        for (int q = 0; q < rows.length; q++) {
          scores[q * count + d] = VectorUtil.dotProduct(rows[q], document);
        }
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
