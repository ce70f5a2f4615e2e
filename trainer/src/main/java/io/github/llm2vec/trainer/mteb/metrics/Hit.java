/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import java.util.Comparator;
import java.util.Objects;

/**
 * A search hit: a document id with its score.
 *
 * @param documentId the document
 * @param score larger is better; a {@code float}, because trec_eval compares floats: scores that
 *     differ only beyond float precision are ties
 */
public record Hit(String documentId, float score) {

  /**
   * trec_eval's order: best score first, equal scores by document id from last to first, ids
   * compared as the bytes of their UTF-8.
   */
  public static final Comparator<Hit> TREC_ORDER =
      Comparator.comparingDouble(Hit::score)
          .thenComparing(Hit::documentId, Hit::compareCodePoints)
          .reversed();

  /** Rejects null and NaN, which has no place in an order. */
  public Hit {
    Objects.requireNonNull(documentId, "documentId");
    if (Float.isNaN(score)) {
      throw new IllegalArgumentException("the score of document '" + documentId + "' is NaN");
    }
  }

  /** Order of code points, which is the order of UTF-8 bytes and not that of Java's chars. */
  private static int compareCodePoints(String left, String right) {
    int length = Math.min(left.length(), right.length());
    for (int i = 0; i < length; i++) {
      char a = left.charAt(i);
      char b = right.charAt(i);
      if (a != b) {
        // A surrogate stands for a code point above every other char.
        boolean surrogates = Character.isSurrogate(a) != Character.isSurrogate(b);
        return surrogates ? (Character.isSurrogate(a) ? 1 : -1) : Character.compare(a, b);
      }
    }
    return Integer.compare(left.length(), right.length());
  }
}
