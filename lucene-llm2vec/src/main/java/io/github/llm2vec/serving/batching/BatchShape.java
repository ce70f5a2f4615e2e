/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import io.github.llm2vec.encoder.BatchLayout;

/**
 * Sizes of a batch on which its cost depends.
 *
 * @param texts number of texts
 * @param longest tokens of the longest
 * @param tokens tokens of all
 * @param squares sum of the squared lengths
 */
public record BatchShape(int texts, int longest, long tokens, long squares) {

  public static final BatchShape EMPTY = new BatchShape(0, 0, 0, 0);

  /** This batch with one more text. */
  public BatchShape plus(int length) {
    return new BatchShape(
        texts + 1, Math.max(longest, length), tokens + length, squares + (long) length * length);
  }

  /** Positions that go through the linear layers. */
  public long positions(BatchLayout layout) {
    return layout == BatchLayout.PADDED ? paddedTokens() : tokens;
  }

  /** Pairs of positions that attention looks at. */
  public long attentionPairs(BatchLayout layout) {
    return layout == BatchLayout.PACKED ? squares : paddedTokens() * longest;
  }

  /** Positions if all rows were padded to the longest. */
  public long paddedTokens() {
    return (long) texts * longest;
  }

  /** Part of the positions that would be padding if all rows were padded, from 0 to 1. */
  public double paddingWaste() {
    return texts == 0 ? 0 : 1 - (double) tokens / paddedTokens();
  }
}
