/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import java.util.Arrays;

/**
 * A batch of masked next token prediction: masked sequences, padded to one length, with the label
 * of each masked token. The prediction of a token is read from the position before it, so the label
 * at the first position of a row is never used. Immutable.
 */
public final class MntpBatch {

  /** The label of a position that nothing is predicted for. */
  public static final int IGNORED = -100;

  private final int rows;
  private final int columns;
  private final int[] ids; // (B, S)
  private final int[] labels; // (B, S)
  private final int[] starts; // (B), first position that is no padding
  private final int[] lengths; // (B)

  /**
   * @param columns S
   * @param ids (B, S)
   * @param labels (B, S)
   * @param starts (B)
   * @param lengths (B)
   */
  MntpBatch(int columns, int[] ids, int[] labels, int[] starts, int[] lengths) {
    this.rows = lengths.length;
    this.columns = columns;
    this.ids = ids;
    this.labels = labels;
    this.starts = starts;
    this.lengths = lengths;
  }

  /** Rows, B. */
  public int rows() {
    return rows;
  }

  /** Positions of a row, padding included, S. */
  public int columns() {
    return columns;
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

  /** Ids with padding, (B, S); a fresh array. */
  public int[] paddedIds() {
    return ids.clone();
  }

  /** Labels with padding, (B, S); a fresh array. */
  public int[] paddedLabels() {
    return labels.clone();
  }

  /** 1 for tokens and 0 for padding, (B, S); a fresh array. */
  public int[] attentionMask() {
    int[] mask = new int[rows * columns];
    for (int row = 0; row < rows; row++) {
      int from = row * columns + starts[row];
      Arrays.fill(mask, from, from + lengths[row], 1);
    }
    return mask;
  }
}
