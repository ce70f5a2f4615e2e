/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Pearson's and Spearman's correlation, equal to scipy's. */
public final class Correlation {

  private Correlation() {}

  /**
   * Pearson's correlation of the values. NaN if one list is constant, as scipy has it.
   *
   * @throws IllegalArgumentException if the lists differ in length or have fewer than 2 values
   */
  public static double pearson(double[] left, double[] right) {
    requirePairs(left, right);
    double[] a = centred(left);
    double[] b = centred(right);
    double product = 0;
    double squaresOfA = 0;
    double squaresOfB = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      squaresOfA += a[i] * a[i];
      squaresOfB += b[i] * b[i];
    }
    double correlation = product / Math.sqrt(squaresOfA) / Math.sqrt(squaresOfB);
    return Double.isNaN(correlation) ? Double.NaN : Math.max(-1, Math.min(1, correlation));
  }

  /** Spearman's correlation: Pearson's of the ranks, where equal values share their mean rank. */
  public static double spearman(double[] left, double[] right) {
    requirePairs(left, right);
    return pearson(ranks(left), ranks(right));
  }

  /** Ranks counted from 1; NaN makes all of them NaN, since it has no place. */
  static double[] ranks(double[] values) {
    double[] ranks = new double[values.length];
    if (Arrays.stream(values).anyMatch(Double::isNaN)) {
      Arrays.fill(ranks, Double.NaN);
      return ranks;
    }
    // Adding 0.0 makes -0.0 equal to 0.0, which Java's order tells apart.
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> values[i] + 0.0))
            .mapToInt(Integer::intValue)
            .toArray();
    int start = 0;
    while (start < order.length) {
      int end = start;
      while (end < order.length && values[order[end]] == values[order[start]]) {
        end++;
      }
      double shared = (start + 1 + end) / 2.0;
      for (int i = start; i < end; i++) {
        ranks[order[i]] = shared;
      }
      start = end;
    }
    return ranks;
  }

  private static double[] centred(double[] values) {
    double mean = Arrays.stream(values).sum() / values.length;
    return Arrays.stream(values).map(value -> value - mean).toArray();
  }

  private static void requirePairs(double[] left, double[] right) {
    if (left.length != right.length || left.length < 2) {
      throw new IllegalArgumentException(
          "a correlation needs two lists of the same length, at least 2; got %s and %s"
              .formatted(left.length, right.length));
    }
  }
}
