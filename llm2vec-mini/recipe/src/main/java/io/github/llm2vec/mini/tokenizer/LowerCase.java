/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import java.util.Locale;

/** Lower case as the normalizer {@code Lowercase} gives it: a character at a time. */
final class LowerCase {

  private LowerCase() {}

  /** A text in lower case. A sigma at the end of a word stays a plain one, unlike in Java. */
  static String of(String text) {
    StringBuilder lower = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int character = text.codePointAt(i);
      i += Character.charCount(character);
      if (character < 0x80) {
        lower.append((char) Character.toLowerCase(character));
      } else {
        lower.append(Character.toString(character).toLowerCase(Locale.ROOT));
      }
    }
    return lower.toString();
  }
}
