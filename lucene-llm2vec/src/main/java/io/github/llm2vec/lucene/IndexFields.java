/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Objects;

/**
 * Names of the fields into which {@link Llm2VecIndexer} writes a document beside its vector. All
 * are stored; title and text are indexed for words.
 *
 * @param id a single term
 * @param title words
 * @param text words
 */
public record IndexFields(String id, String title, String text) {

  /** The fields {@code id}, {@code title} and {@code text}. */
  public static final IndexFields DEFAULTS = new IndexFields("id", "title", "text");

  /** Term that a document and its passages share, so that they are replaced together. */
  static final String BLOCK = "_block_";

  /** Tells documents from passages: {@link #DOCUMENT} or {@link #PASSAGE}. */
  static final String KIND = "_kind_";

  static final String DOCUMENT = "document";
  static final String PASSAGE = "passage";

  /** Stored first and last-but-one {@code char} of a passage in its document's text. */
  static final String PASSAGE_START = "_passage_start_";

  static final String PASSAGE_END = "_passage_end_";

  /** Rejects null. */
  public IndexFields {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(title, "title");
    Objects.requireNonNull(text, "text");
  }
}
