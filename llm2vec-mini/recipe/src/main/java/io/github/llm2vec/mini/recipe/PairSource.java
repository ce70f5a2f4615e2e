/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.IOException;
import java.util.function.Consumer;

/** A collection from which pairs can be made, always the same ones in the same order. */
interface PairSource {

  /**
   * What someone may ask, and a text that answers it.
   *
   * @param query a question, a term, a title or a sentence
   * @param positive the text that should be found
   */
  record Pair(String query, String positive) {}

  /** Short name, for the report and for the file. */
  String name();

  /** The file that its pairs go to; small sources of one sort share it. */
  default String kind() {
    return name();
  }

  /** Whether no other source has its texts. */
  default boolean hasTextsOfItsOwn() {
    return true;
  }

  /** Reads all of it. */
  void read(Consumer<Pair> pairs) throws IOException;
}
