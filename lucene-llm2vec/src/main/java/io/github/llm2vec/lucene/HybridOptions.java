/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Objects;

/**
 * Options of a hybrid search: hits per side and fusion.
 *
 * @param topN hits to return
 * @param words hits of the words that enter the fusion
 * @param vectors how the vectors are searched; its {@code k} hits enter the fusion
 * @param fusion how both rankings become one
 */
public record HybridOptions(int topN, int words, KnnOptions vectors, HybridFusion fusion) {

  private static final int LEAST_DEPTH = 100;

  /** Rejects counts below 1. */
  public HybridOptions {
    Objects.requireNonNull(vectors, "vectors");
    requirePositive("topN", topN);
    requirePositive("words", words);
    Objects.requireNonNull(fusion, "fusion");
  }

  /** The best {@code topN} of the fused best 100, or {@code topN} if more, of either search. */
  public static HybridOptions top(int topN) {
    requirePositive("topN", topN);
    int depth = Math.max(LEAST_DEPTH, topN);
    return new HybridOptions(topN, depth, KnnOptions.top(depth), HybridFusion.DEFAULT);
  }

  /** These options with another vector search. */
  public HybridOptions withVectors(KnnOptions value) {
    return new HybridOptions(topN, words, value, fusion);
  }

  /** These options with another way to make one ranking of two. */
  public HybridOptions withFusion(HybridFusion value) {
    return new HybridOptions(topN, words, vectors, value);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, got " + value);
    }
  }
}
