/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Arrays;

/**
 * Weights of consecutive positions of a row; the pooled vector is the weighted sum of their hidden
 * states. No positions at all means the zero vector.
 */
public final class PoolingWeights {

  private final int first;
  private final float[] weights;

  private PoolingWeights(int first, float[] weights) {
    this.first = first;
    this.weights = weights;
  }

  /** Equal weights that sum to one. */
  static PoolingWeights equal(int first, int count) {
    return constant(first, count, 1f / count);
  }

  /** The same weight for all. */
  static PoolingWeights constant(int first, int count, float weight) {
    float[] weights = new float[count];
    Arrays.fill(weights, weight);
    return new PoolingWeights(first, weights);
  }

  /**
   * Weights that rise by one from position to position, divided by their sum.
   *
   * @param before what the first weight is above 1
   */
  static PoolingWeights rising(int first, int count, int before) {
    float[] weights = new float[count];
    double sum = count * (count + 1.0) / 2 + (double) before * count;
    for (int i = 0; i < count; i++) {
      weights[i] = (float) ((before + i + 1) / sum);
    }
    return new PoolingWeights(first, weights);
  }

  /** The first weighted position of the row, counted from 0. */
  public int first() {
    return first;
  }

  /** Number of weighted positions. */
  public int size() {
    return weights.length;
  }

  /** Weight of the i-th weighted position, which is position {@code first() + i} of the row. */
  public float weight(int i) {
    return weights[i];
  }
}
