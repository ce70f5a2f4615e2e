/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.List;

/**
 * The widths at which a loss over vectors is computed, as sentence-transformers' {@code
 * MatryoshkaLoss} has them.
 *
 * @param dims {@code matryoshka_dims}; empty for whole vectors alone
 * @param weights {@code matryoshka_weights}, one for each; 1 if unsaid
 */
public record MatryoshkaArguments(List<Integer> dims, List<Double> weights) {

  /** Copies the lists. */
  public MatryoshkaArguments {
    dims = List.copyOf(dims);
    weights = List.copyOf(weights);
  }

  static MatryoshkaArguments read(ConfigValues values) {
    List<Integer> dims = values.wholes("matryoshka_dims", 1);
    List<Double> ones = dims.stream().map(width -> 1.0).toList();
    List<Double> weights =
        values.decimals("matryoshka_weights", ones, ConfigValues.Range.NOT_NEGATIVE);
    if (weights.size() != dims.size()) {
      throw values.invalid(
          "matryoshka_weights",
          "expected one for each of matryoshka_dims " + dims + ", found " + weights);
    }
    if (!dims.isEmpty() && weights.stream().allMatch(weight -> weight == 0)) {
      throw values.invalid("matryoshka_weights", "all are 0, so that there is nothing to learn");
    }
    if (dims.stream().distinct().count() != dims.size()) {
      throw values.invalid("matryoshka_dims", "names a width twice: " + dims);
    }
    return new MatryoshkaArguments(dims, weights);
  }
}
