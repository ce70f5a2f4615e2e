/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts as words. */
final class Words {

  private static final Pattern BLANKS = Pattern.compile("[\\s\\u00a0]+");
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+");

  private Words() {}

  /** A text on one line, with single blanks. */
  static String oneLine(String text) {
    return BLANKS.matcher(text).replaceAll(" ").strip();
  }

  /** The words of a text in lower case, without punctuation. */
  static List<String> of(String text) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(text.toLowerCase(Locale.ROOT));
    while (word.find()) {
      words.add(word.group());
    }
    return words;
  }

  /** The beginning of a text, cut between words. */
  static String first(String text, int most) {
    int end = 0;
    for (int words = 0; words < most; words++) {
      int blank = text.indexOf(' ', end + 1);
      if (blank < 0) {
        return text;
      }
      end = blank;
    }
    return text.substring(0, end);
  }
}
