/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.recipe;

import java.util.Optional;

/**
 * What someone may ask, and a text that answers it.
 *
 * @param query a question, a term, a title or a sentence
 * @param positive the text that should be found
 * @param negative a text that looks alike and should not be found, if the source knows one
 */
public record Pair(String query, String positive, Optional<String> negative) {

  /** A pair without a negative. */
  static Pair of(String query, String positive) {
    return new Pair(query, positive, Optional.empty());
  }
}
