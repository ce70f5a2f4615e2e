/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.Collections;
import java.util.List;

/**
 * The widths at which a loss over vectors is computed, with the weight of each: the loss is the
 * weighted sum over the leading components of every vector (Kusupati et al., 2022, Matryoshka
 * Representation Learning; {@code MatryoshkaLoss} of sentence-transformers).
 *
 * @param dims {@code matryoshka_dims}, each from 1 to the width of the vectors
 * @param weights {@code matryoshka_weights}, one for each
 */
public record MatryoshkaDims(List<Integer> dims, List<Double> weights) {

  /** Copies the lists; rejects widths below one and lists of different length. */
  public MatryoshkaDims {
    dims = List.copyOf(dims);
    weights = List.copyOf(weights);
    if (dims.isEmpty() || dims.size() != weights.size()) {
      throw new IllegalArgumentException(
          "there must be a weight for each of the widths " + dims + ", got " + weights);
    }
    if (dims.stream().anyMatch(width -> width < 1)) {
      throw new IllegalArgumentException("a width is at least 1, got " + dims);
    }
  }

  /** Whole vectors of a width. */
  public static MatryoshkaDims whole(int width) {
    return new MatryoshkaDims(List.of(width), List.of(1.0));
  }

  /** The largest of the widths. */
  public int largest() {
    return Collections.max(dims);
  }

  void requireWithin(int width) {
    if (largest() > width) {
      throw new IllegalArgumentException(
          "matryoshka_dims " + dims + " are more than the vectors' " + width);
    }
  }
}
