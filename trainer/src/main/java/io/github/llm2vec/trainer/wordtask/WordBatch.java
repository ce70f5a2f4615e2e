/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.util.List;

/**
 * Sentences of a word task.
 *
 * @param rows the sentences, of any lengths
 */
public record WordBatch(List<WordRow> rows) {

  /** Copies the list. */
  public WordBatch {
    rows = List.copyOf(rows);
  }

  /** Tokens of all rows, T. */
  public int tokens() {
    return rows.stream().mapToInt(WordRow::length).sum();
  }
}
