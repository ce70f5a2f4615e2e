/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

/**
 * Turns offsets in code points, which the native library counts in, into UTF-16 indices. It goes
 * through the text once as long as it is asked for offsets that stay close to each other.
 */
final class Utf16Index {

  private final String text;
  private final int length;
  private int codePoint;
  private int index;

  Utf16Index(String text) {
    this.text = text;
    this.length = text.codePointCount(0, text.length());
  }

  /**
   * The UTF-16 index of a code point's first unit. Offsets behind the text, which a tokenizer with
   * an end-of-word suffix gives, count as its end.
   */
  int ofCodePoint(int wanted) {
    int target = Math.min(wanted, length);
    index = text.offsetByCodePoints(index, target - codePoint);
    codePoint = target;
    return index;
  }
}
