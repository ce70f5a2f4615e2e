/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

/** What came of one text. */
sealed interface Outcome {

  /**
   * It has a vector.
   *
   * @param vector as Solr takes it
   */
  record Encoded(FloatList vector) implements Outcome {}

  /**
   * It has none.
   *
   * @param cause why
   */
  record Failed(RuntimeException cause) implements Outcome {

    /** Whether the text is to blame, so that it fails again whenever it is tried. */
    boolean isTheTextsFault() {
      return isTheTextsFault(cause);
    }

    /** Whether a failure says so itself, or was caused by one that does. */
    static boolean isTheTextsFault(Throwable failure) {
      return failure instanceof IllegalArgumentException
          || failure.getCause() instanceof IllegalArgumentException;
    }
  }
}
