/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.recipe;

import java.util.Optional;

/**
 * What someone may ask, and a text that answers it.
 *
 * @param query a question, a term, a title or a sentence
 * @param positive the text that should be found
 * @param negative a text that looks alike and should not be found, if the source knows one
 * @param document the number of the document that both were cut out of, or {@link #NO_DOCUMENT};
 *     pairs of one document are no negatives of one another
 */
public record Pair(String query, String positive, Optional<String> negative, int document) {

  /** Of a pair that shares its document with no other. */
  static final int NO_DOCUMENT = -1;

  /** A pair without a negative. */
  static Pair of(String query, String positive) {
    return new Pair(query, positive, Optional.empty(), NO_DOCUMENT);
  }

  /** The same pair, cut out of a document. */
  Pair of(int document) {
    return new Pair(query, positive, negative, document);
  }

  /** Whether both were cut out of the same document. */
  boolean sharesDocument(Pair other) {
    return document != NO_DOCUMENT && document == other.document;
  }
}
