/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import java.util.List;

/**
 * A batch of causal language modelling: every token but the first is predicted from those before
 * it.
 *
 * @param rows the sequences, of any lengths
 */
public record CausalBatch(List<TokenRow> rows) {

  /** Copies the list. */
  public CausalBatch {
    rows = List.copyOf(rows);
  }

  /** Tokens of all rows, T. */
  public int tokens() {
    return rows.stream().mapToInt(TokenRow::length).sum();
  }
}
