/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds places where a text can be cut so that the ids of its first part are the first ids of the
 * whole, whatever follows. With them a long document costs no more than the part of it that the
 * model reads. What makes a place safe depends on the kind of tokenizer; for unknown kinds there is
 * none.
 *
 * <ul>
 *   <li>Byte-level ones split text by a pattern before any merge. In the patterns known here a run
 *       of letters ends at the first character that is no letter, so a text may be cut there.
 *   <li>SentencePiece-like ones merge over the whole text, but only into pieces of the vocabulary.
 *       Where no piece holds a letter or digit followed by a space, nothing is merged over that
 *       border; the same holds behind a full stop that no piece has in front of something.
 * </ul>
 */
record SafeSplitPoints(
    Kind kind, boolean spaceIsBorder, String enders, Set<Character> insideAdded) {

  private enum Kind {
    NONE,
    AFTER_LETTERS,
    AT_PIECE_BORDERS
  }

  private static final char SPACE_SYMBOL = '\u2581';

  /** The only letter whose lower case ends in something that is no letter: a combining dot. */
  private static final char DOTTED_CAPITAL_I = '\u0130';

  private static final String ENDERS = "\n。．！？、，؟।";

  /** Llama 3, Qwen2 and Qwen3, GPT-2 written out; in none does a letter precede a non-letter. */
  private static final Set<String> KNOWN_PATTERNS =
      Set.of(
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
              + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
              + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

  /** For tokenizers of which nothing is known. */
  static final SafeSplitPoints NOWHERE = new SafeSplitPoints(Kind.NONE, false, "", Set.of());

  /**
   * Finds out where the texts of a tokenizer may be cut.
   *
   * @param normalizer of tokenizer.json
   * @param preTokenizer of tokenizer.json
   * @param vocabulary contents of the model's vocabulary
   * @param added contents of the added tokens
   */
  static SafeSplitPoints of(
      JsonNode normalizer,
      JsonNode preTokenizer,
      Collection<String> vocabulary,
      Collection<String> added) {
    if (splitsLetters(preTokenizer) && isUnicodeForm(normalizer)) {
      return new SafeSplitPoints(Kind.AFTER_LETTERS, false, "", charactersAfterLetters(added));
    }
    if (!isSentencePiece(normalizer, preTokenizer)) {
      return NOWHERE;
    }
    boolean border =
        vocabulary.stream().noneMatch(piece -> hasWordEndBefore(piece, SPACE_SYMBOL))
            && added.stream().noneMatch(token -> hasWordEndBefore(token, ' '));
    StringBuilder enders = new StringBuilder();
    for (int i = 0; i < ENDERS.length(); i++) {
      char ender = ENDERS.charAt(i);
      if (isAlwaysLast(ender, vocabulary) && isAlwaysLast(ender, added)) {
        enders.append(ender);
      }
    }
    return new SafeSplitPoints(Kind.AT_PIECE_BORDERS, border, enders.toString(), Set.of());
  }

  /**
   * The last safe cut in the second half of a text's first characters.
   *
   * @param limit number of characters, less than the text has
   * @return the length of the first part, or -1 if there is no safe cut
   */
  int last(String text, int limit) {
    for (int cut = limit; cut > limit / 2; cut--) {
      if (isSafe(text.charAt(cut - 1), text.charAt(cut))) {
        return cut;
      }
    }
    return -1;
  }

  private boolean isSafe(char before, char after) {
    return switch (kind) {
      case NONE -> false;
      case AFTER_LETTERS ->
          Character.isLetter(before)
              && before != DOTTED_CAPITAL_I
              && endsWord(after)
              && !insideAdded.contains(after);
      case AT_PIECE_BORDERS ->
          (spaceIsBorder && after == ' ' && isAsciiWord(before)) || enders.indexOf(before) >= 0;
    };
  }

  private static boolean splitsLetters(JsonNode preTokenizer) {
    if (preTokenizer.path("type").asText().equals("ByteLevel")) {
      return preTokenizer.path("use_regex").asBoolean(true);
    }
    JsonNode parts = preTokenizer.path("pretokenizers");
    JsonNode split = parts.path(0);
    return preTokenizer.path("type").asText().equals("Sequence")
        && parts.size() == 2
        && split.path("type").asText().equals("Split")
        && split.path("behavior").asText().equals("Isolated")
        && !split.path("invert").asBoolean()
        && KNOWN_PATTERNS.contains(split.path("pattern").path("Regex").asText())
        && parts.path(1).path("type").asText().equals("ByteLevel")
        && !parts.path(1).path("use_regex").asBoolean(true);
  }

  private static boolean isUnicodeForm(JsonNode normalizer) {
    return normalizer.isNull()
        || normalizer.isMissingNode()
        || List.of("NFC", "NFD", "Lowercase").contains(normalizer.path("type").asText());
  }

  private static boolean isSentencePiece(JsonNode normalizer, JsonNode preTokenizer) {
    boolean replaces = replacesSpaces(normalizer);
    boolean normalizes = normalizer.isNull() || normalizer.isMissingNode() || replaces;
    String type = preTokenizer.path("type").asText();
    boolean splits =
        (type.equals("Metaspace")
                && preTokenizer.path("replacement").asText().equals(String.valueOf(SPACE_SYMBOL)))
            // Splits at spaces, of which none is left.
            || (replaces
                && type.equals("Split")
                && preTokenizer.path("pattern").path("String").asText().equals(" "))
            || (replaces && type.isEmpty());
    return normalizes && splits;
  }

  /** Whether a normalizer does nothing but to turn spaces into the symbol, with one in front. */
  private static boolean replacesSpaces(JsonNode normalizer) {
    String symbol = String.valueOf(SPACE_SYMBOL);
    boolean replaces = false;
    JsonNode parts = normalizer.path("normalizers");
    for (JsonNode part : parts.isArray() ? parts : List.of(normalizer)) {
      switch (part.path("type").asText()) {
        case "Prepend" -> {
          if (!part.path("prepend").asText().equals(symbol)) {
            return false;
          }
        }
        case "Replace" -> {
          if (!part.path("content").asText().equals(symbol)
              || !part.path("pattern").path("String").asText().equals(" ")) {
            return false;
          }
          replaces = true;
        }
        default -> {
          return false;
        }
      }
    }
    return replaces;
  }

  /** Between a letter and one of these a cut could go through an added token. */
  private static Set<Character> charactersAfterLetters(Collection<String> added) {
    Set<Character> characters = new HashSet<>();
    for (String token : added) {
      for (int i = 1; i < token.length(); i++) {
        if (Character.isLetter(token.charAt(i - 1))) {
          characters.add(token.charAt(i));
        }
      }
    }
    return characters;
  }

  private static boolean hasWordEndBefore(String piece, char space) {
    for (int i = piece.indexOf(space, 1); i > 0; i = piece.indexOf(space, i + 1)) {
      if (isAsciiWord(piece.charAt(i - 1))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isAlwaysLast(char ender, Collection<String> pieces) {
    return pieces.stream()
        .allMatch(piece -> piece.indexOf(ender) < 0 || piece.indexOf(ender) == piece.length() - 1);
  }

  private static boolean isAsciiWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  /**
   * Whether a character ends a word for patterns and for added tokens that must stand alone, and
   * cannot be composed with a letter before it.
   */
  private static boolean endsWord(char c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.CONNECTOR_PUNCTUATION,
          Character.SURROGATE ->
          false;
      default -> !Character.isLetterOrDigit(c) && c != '\'';
    };
  }
}
