/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

/** A tokenized sentence with a label and a word number per token. Immutable. */
final class WordRow {

  /** The label of a position that nothing is predicted for. */
  public static final int IGNORED = -100;

  /** The word of a position that belongs to none. */
  public static final int NO_WORD = -1;

  private final int[] ids;
  private final int[] labels;
  private final int[] words;

  /**
   * @param ids at least one; owned by this row from now on, as the other arrays
   * @param labels one per id
   * @param words one per id
   */
  WordRow(int[] ids, int[] labels, int[] words) {
    if (labels.length != ids.length || words.length != ids.length) {
      throw new IllegalArgumentException("arrays must be of one length; this is a bug");
    }
    this.ids = ids;
    this.labels = labels;
    this.words = words;
  }

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Ids, a fresh array. */
  public int[] ids() {
    return ids.clone();
  }

  /** Numbers of tags, {@link #IGNORED} where nothing is predicted; a fresh array. */
  public int[] labels() {
    return labels.clone();
  }

  /**
   * Number of the word, from 0, whose states are averaged at each position if subwords are merged;
   * {@link #NO_WORD} where there is none. A fresh array.
   */
  public int[] words() {
    return words.clone();
  }
}
