/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

/**
 * Turns offsets in code points, which the native library counts in, into UTF-16 indices. It goes
 * through the text once as long as it is asked for offsets that stay close to each other.
 */
final class Utf16Index {

  private final String text;
  private int codePoint;
  private int index;

  Utf16Index(String text) {
    this.text = text;
  }

  /** The UTF-16 index of a code point's first unit. */
  int ofCodePoint(int wanted) {
    index = text.offsetByCodePoints(index, wanted - codePoint);
    codePoint = wanted;
    return index;
  }
}
