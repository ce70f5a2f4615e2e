/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import java.util.Arrays;

/**
 * A batch of masked next token prediction: masked sequences, padded to one length, with the label
 * of each masked token. The prediction of a token is read from the position before it, so the label
 * at the first position of a row is never used. Immutable.
 *
 * @param columns positions of a row, padding included, S
 * @param ids masked, (B, S)
 * @param labels (B, S)
 * @param starts first position of each row that is no padding, (B)
 * @param lengths tokens of each row without padding, (B)
 */
@SuppressWarnings("ArrayRecordComponent")
public record MntpBatch(int columns, int[] ids, int[] labels, int[] starts, int[] lengths) {

  /** The label of a position that nothing is predicted for. */
  public static final int IGNORED = -100;

  /** Rows, B. */
  public int rows() {
    return lengths.length;
  }

  /** Tokens of a row without padding. */
  public int length(int row) {
    return lengths[row];
  }

  /** Tokens of all rows, T. */
  public int tokens() {
    return Arrays.stream(lengths).sum();
  }

  /** Ids of a row without padding, masked; a fresh array. */
  public int[] ids(int row) {
    return unpadded(ids, row);
  }

  /** Labels of a row without padding; a fresh array. */
  public int[] labels(int row) {
    return unpadded(labels, row);
  }

  private int[] unpadded(int[] values, int row) {
    int from = row * columns + starts[row];
    return Arrays.copyOfRange(values, from, from + lengths[row]);
  }
}
