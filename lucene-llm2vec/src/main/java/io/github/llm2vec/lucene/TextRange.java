/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/**
 * A part of a text.
 *
 * @param start index of its first {@code char}
 * @param end index after its last {@code char}
 */
public record TextRange(int start, int end) {

  /** Rejects a negative start and an end before it. */
  public TextRange {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException(
          "a text range needs 0 <= start <= end, got " + start + " to " + end);
    }
  }

  /**
   * The part itself.
   *
   * @throws IllegalArgumentException if the text is too short to have it
   */
  public String of(String text) {
    if (end > text.length()) {
      throw new IllegalArgumentException(
          "the range %s to %s lies outside a text of %s characters"
              .formatted(start, end, text.length()));
    }
    return text.substring(start, end);
  }
}
