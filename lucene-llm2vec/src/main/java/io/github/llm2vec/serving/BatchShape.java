/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/**
 * The lengths of a batch's texts, as far as its cost depends on them.
 *
 * @param texts number of texts
 * @param longest tokens of the longest
 * @param tokens tokens of all
 * @param squares sum of the squared lengths
 */
record BatchShape(int texts, int longest, long tokens, long squares) {

  static final BatchShape EMPTY = new BatchShape(0, 0, 0, 0);

  /** This batch with one more text. */
  BatchShape plus(int length) {
    return new BatchShape(
        texts + 1, Math.max(longest, length), tokens + length, squares + (long) length * length);
  }

  /** Positions if all rows were padded to the longest. */
  long paddedTokens() {
    return (long) texts * longest;
  }

  /** Part of the positions that would be padding if all rows were padded, from 0 to 1. */
  double paddingWaste() {
    return texts == 0 ? 0 : 1 - (double) tokens / paddedTokens();
  }
}
