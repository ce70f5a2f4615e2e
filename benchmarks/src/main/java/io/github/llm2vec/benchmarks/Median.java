/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import java.util.Arrays;

/** The value in the middle, which one disturbed round does not move. */
final class Median {

  private Median() {}

  /** Of at least one value; the upper one of two in the middle. */
  static double of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
