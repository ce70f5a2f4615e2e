/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.lucene.TextRange;
import java.util.Optional;

/**
 * A document that was found.
 *
 * @param id its id in the collection
 * @param title its title, or ""
 * @param text its text
 * @param score what it was ranked by; the higher the better
 * @param passage where in the text its best passage is, if passages were searched and found it
 */
public record SearchHit(
    String id, String title, String text, double score, Optional<TextRange> passage) {

  /** A document that was found as a whole. */
  public SearchHit(String id, String title, String text, double score) {
    this(id, title, text, score, Optional.empty());
  }
}
