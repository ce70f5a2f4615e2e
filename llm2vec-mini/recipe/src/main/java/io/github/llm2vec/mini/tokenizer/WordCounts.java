/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How often each word is in the texts. A word is what the pattern of Llama 3 splits off: letters
 * with the blank before them, up to three digits, or punctuation. No merge crosses its borders.
 *
 * <p>Memory is bounded: when there are too many words, the rarest are forgotten. What is forgotten
 * depends on the texts and their order alone.
 */
final class WordCounts {

  /** As tokenizer.json of Llama 3 has it. */
  static final String PATTERN =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final Pattern WORDS =
      // In the library, too, \s is every blank of Unicode and (?i:) knows all of its cases.
      Pattern.compile(PATTERN, Pattern.UNICODE_CHARACTER_CLASS);

  /** Longer ones are no words; a line without a blank would otherwise be held in memory. */
  private static final int MAX_WORD_BYTES = 1 << 12;

  private final boolean lowercase;
  private final int mostWords;
  private final Map<String, Long> counts = new HashMap<>();
  private long forgetUpTo;

  /**
   * Creates a count of none.
   *
   * @param lowercase whether texts are put into lower case first
   * @param mostWords how many different words are held
   */
  WordCounts(boolean lowercase, int mostWords) {
    this.lowercase = lowercase;
    this.mostWords = mostWords;
  }

  /** Counts the words of a text. */
  void add(String text) {
    Matcher word = WORDS.matcher(lowercase ? lowerCase(text) : text);
    while (word.find()) {
      byte[] bytes = word.group().getBytes(StandardCharsets.UTF_8);
      if (bytes.length <= MAX_WORD_BYTES) {
        // A character per byte: the smallest form of a word that a map can hold.
        counts.merge(new String(bytes, StandardCharsets.ISO_8859_1), 1L, Long::sum);
      }
    }
    while (counts.size() > mostWords) {
      forgetUpTo++;
      counts.values().removeIf(count -> count <= forgetUpTo);
    }
  }

  /** The words, a character per byte of UTF-8, and how often each occurs. */
  Map<String, Long> counts() {
    return counts;
  }

  /**
   * Lower case as the normalizer {@code Lowercase} gives it, a character at a time: a sigma at the
   * end of a word stays a plain one, unlike in Java.
   */
  private static String lowerCase(String text) {
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
