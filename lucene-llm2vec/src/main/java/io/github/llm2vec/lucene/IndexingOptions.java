/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Objects;

/**
 * Options of {@link Llm2VecIndexer}.
 *
 * @param fields names of the fields it writes
 * @param batchTexts most texts in one call of the encoder. Several times the encoder's own batch
 *     lets it sort by length; two batches of vectors are in memory at a time
 * @param replace whether a document takes the place of one with the same id; without it, indexing
 *     is faster and the ids must be new
 */
public record IndexingOptions(IndexFields fields, int batchTexts, boolean replace) {

  /** The default fields, batches of 256 texts, replacing. */
  public static final IndexingOptions DEFAULTS =
      new IndexingOptions(IndexFields.DEFAULTS, 256, true);

  /** Rejects an empty batch. */
  public IndexingOptions {
    Objects.requireNonNull(fields, "fields");
    if (batchTexts < 1) {
      throw new IllegalArgumentException("batchTexts must be at least 1, got " + batchTexts);
    }
  }

  /** These options with another batch. */
  public IndexingOptions withBatchTexts(int value) {
    return new IndexingOptions(fields, value, replace);
  }

  /** These options with or without replacing. */
  public IndexingOptions withReplace(boolean value) {
    return new IndexingOptions(fields, batchTexts, value);
  }
}
