/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

/** Layouts of the texts of a batch in a model, which decide what the batch costs. */
public enum BatchLayout {
  /** End to end; nothing is spent on padding. */
  PACKED,
  /** Linear layers end to end, attention on rows padded to the longest. */
  PADDED_ATTENTION,
  /** Rows padded to the longest throughout. */
  PADDED
}
