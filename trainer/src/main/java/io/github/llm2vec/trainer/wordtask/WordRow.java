/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

/**
 * A tokenized sentence with a label and a word number per token.
 *
 * @param ids at least one
 * @param labels numbers of tags, {@link #IGNORED} where nothing is predicted
 * @param words number of the word, from 0, whose states are averaged at each position if subwords
 *     are merged; {@link #NO_WORD} where there is none
 */
@SuppressWarnings("ArrayRecordComponent")
record WordRow(int[] ids, int[] labels, int[] words) {

  /** The label of a position that nothing is predicted for. */
  static final int IGNORED = -100;

  /** The word of a position that belongs to none. */
  static final int NO_WORD = -1;

  WordRow {
    if (labels.length != ids.length || words.length != ids.length) {
      throw new IllegalArgumentException("arrays must be of one length; this is a bug");
    }
  }
}
