/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The matrix product in plain Java, on any platform and without native code.
 *
 * <p>A tile of documents is turned so that one dimension of all its documents lies side by side;
 * the inner loop then adds multiples of such rows, which the JIT compiler turns into SIMD code, as
 * it would not do with a dot product. Two queries and four dimensions at a time keep the registers
 * busy. Sums are in floats in an order that does not depend on the number of threads.
 *
 * <p>Owns its threads.
 */
public final class JavaScoreBlocks implements ScoreBlocks {

  /** Documents of a tile; with the next, 128 kB, which fits the second-level cache. */
  private static final int TILE_DOCUMENTS = 128;

  /** Dimensions of a tile. A multiple of 4. */
  private static final int TILE_DIMENSIONS = 256;

  private final ExecutorService threads;

  /**
   * Starts threads.
   *
   * @param threads how many, at least 1
   */
  public JavaScoreBlocks(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, got " + threads);
    }
    AtomicInteger number = new AtomicInteger();
    this.threads =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "llm2vec-exact-search-" + number.getAndIncrement());
              thread.setDaemon(true);
              return thread;
            });
  }

  @Override
  public Queries prepare(float[] queries, int dimensions) {
    if (dimensions < 1 || queries.length % dimensions != 0) {
      throw new IllegalArgumentException(
          queries.length + " floats are no queries of " + dimensions + " dimensions");
    }
    return new Prepared(padded(queries, dimensions), queries.length / dimensions, dimensions);
  }

  /** Rows of a multiple of 4 dimensions, the new ones 0, in an even number, the new one 0. */
  private static float[] padded(float[] queries, int dimensions) {
    int count = queries.length / dimensions;
    int width = roundUp(dimensions, 4);
    float[] padded = new float[Math.multiplyExact(roundUp(count, 2), width)];
    for (int q = 0; q < count; q++) {
      System.arraycopy(queries, q * dimensions, padded, q * width, dimensions);
    }
    return padded;
  }

  private static int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  private final class Prepared implements Queries {

    private final float[] queries;
    private final int count;
    private final int dimensions;
    private final int width;

    Prepared(float[] queries, int count, int dimensions) {
      this.queries = queries;
      this.count = count;
      this.dimensions = dimensions;
      this.width = roundUp(dimensions, 4);
    }

    @Override
    public void score(ByteBuffer documents, int documentCount, float[] scores) {
      FloatBuffer rows = documents.asFloatBuffer();
      for (int q = 0; q < count; q++) {
        Arrays.fill(scores, q * documentCount, (q + 1) * documentCount, 0);
      }
      List<Callable<Void>> tiles = new ArrayList<>();
      for (int first = 0; first < documentCount; first += TILE_DOCUMENTS) {
        int from = first;
        int to = Math.min(documentCount, first + TILE_DOCUMENTS);
        tiles.add(
            () -> {
              new Tile(rows, from, to).score(scores, documentCount);
              return null;
            });
      }
      run(tiles);
    }

    private void run(List<Callable<Void>> tasks) {
      try {
        for (Future<Void> task : threads.invokeAll(tasks)) {
          task.get();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while comparing vectors", e);
      } catch (ExecutionException e) {
        throw new IllegalStateException("comparing vectors failed; this is a bug", e.getCause());
      }
    }

    @Override
    public void close() {}

    /** The documents {@code [from, to)} of a block. */
    private final class Tile {

      private final FloatBuffer rows;
      private final int from;
      private final int length;
      private final float[] turned = new float[TILE_DIMENSIONS * TILE_DOCUMENTS];
      private final float[] first = new float[TILE_DOCUMENTS];
      private final float[] second = new float[TILE_DOCUMENTS];

      Tile(FloatBuffer rows, int from, int to) {
        this.rows = rows;
        this.from = from;
        this.length = to - from;
      }

      void score(float[] scores, int stride) {
        float[] row = new float[TILE_DIMENSIONS];
        for (int d = 0; d < dimensions; d += TILE_DIMENSIONS) {
          int present = Math.min(TILE_DIMENSIONS, dimensions - d);
          for (int n = 0; n < length; n++) {
            rows.get((from + n) * dimensions + d, row, 0, present);
            for (int i = 0; i < present; i++) {
              turned[i * length + n] = row[i];
            }
          }
          int padded = roundUp(present, 4);
          Arrays.fill(turned, present * length, padded * length, 0);
          for (int q = 0; q < count; q += 2) {
            load(scores, q, stride);
            multiply(q * width + d, padded);
            store(scores, q, stride);
          }
        }
      }

      private void load(float[] scores, int q, int stride) {
        System.arraycopy(scores, q * stride + from, first, 0, length);
        if (q + 1 < count) {
          System.arraycopy(scores, (q + 1) * stride + from, second, 0, length);
        }
      }

      private void store(float[] scores, int q, int stride) {
        System.arraycopy(first, 0, scores, q * stride + from, length);
        if (q + 1 < count) {
          System.arraycopy(second, 0, scores, (q + 1) * stride + from, length);
        }
      }

      private void multiply(int query, int depth) {
        for (int d = 0; d < depth; d += 4) {
          addFour(query + d, query + width + d, d * length, length);
        }
      }

      /** Adds four dimensions of the tile to the sums of two queries. */
      private void addFour(int q, int r, int at, int n) {
        float[] t = turned;
        float[] sumQ = first;
        float[] sumR = second;
        float q0 = queries[q];
        float q1 = queries[q + 1];
        float q2 = queries[q + 2];
        float q3 = queries[q + 3];
        float r0 = queries[r];
        float r1 = queries[r + 1];
        float r2 = queries[r + 2];
        float r3 = queries[r + 3];
        for (int i = 0; i < n; i++) {
          float t0 = t[at + i];
          float t1 = t[at + n + i];
          float t2 = t[at + 2 * n + i];
          float t3 = t[at + 3 * n + i];
          sumQ[i] += q0 * t0 + q1 * t1 + q2 * t2 + q3 * t3;
          sumR[i] += r0 * t0 + r1 * t1 + r2 * t2 + r3 * t3;
        }
      }
    }
  }
}
