/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Validates the normalizers and pre-tokenizers of a tokenizer.json: all kinds that the native
 * library knows, as long as they are whole. A tokenizer.json is untrusted, and the library aborts
 * the whole process over some odd parts: a damaged Precompiled normalizer, a Replace or Prepend of
 * nothing, pieces of length zero, a pattern whose matching explodes.
 */
final class TokenizerComponents {

  private static final List<String> NORMALIZERS =
      List.of(
          "Sequence",
          "NFC",
          "NFD",
          "NFKC",
          "NFKD",
          "Prepend",
          "Replace",
          "Lowercase",
          "Strip",
          "StripAccents",
          "Nmt",
          "BertNormalizer",
          "ByteLevel",
          "Precompiled");

  private static final List<String> PRE_TOKENIZERS =
      List.of(
          "Sequence",
          "ByteLevel",
          "Metaspace",
          "Split",
          "Digits",
          "Punctuation",
          "Whitespace",
          "WhitespaceSplit",
          "BertPreTokenizer",
          "CharDelimiterSplit",
          "UnicodeScripts",
          "FixedLength");

  /** Normalizers that may leave nothing of a text. */
  private static final Set<String> DELETING =
      Set.of("Strip", "StripAccents", "Nmt", "BertNormalizer", "Precompiled");

  private TokenizerComponents() {}

  /**
   * Returns a normalizer that is fit to use.
   *
   * @throws TokenizerFormatException if it is not
   */
  static JsonNode requireNormalizer(JsonNode part, Path file) throws TokenizerFormatException {
    require(part, "normalizer", NORMALIZERS, file);
    switch (part.path("type").asText()) {
      case "Prepend" -> {
        if (part.path("prepend").asText().isEmpty()) {
          throw new TokenizerFormatException(file, "normalizer Prepend must prepend something");
        }
      }
      case "Replace" -> requireReplace(part.path("pattern"), file);
      case "Precompiled" ->
          PrecompiledCharsMap.require(part.path("precompiled_charsmap").asText(), file);
      default -> {}
    }
    for (JsonNode inner : part.path("normalizers")) {
      requireNormalizer(inner, file);
    }
    return part;
  }

  private static void requireReplace(JsonNode pattern, Path file) throws TokenizerFormatException {
    String regex = pattern.path("Regex").asText();
    boolean nothing =
        pattern.has("Regex")
            ? RegexCheck.mayMatchNothing(regex)
            : pattern.path("String").asText().isEmpty();
    if (nothing) {
      throw new TokenizerFormatException(
          file,
          "normalizer Replace must have a pattern that is a string or a regular expression, and"
              + " that matches no empty text, got "
              + pattern);
    }
  }

  /**
   * Returns a pre-tokenizer that is fit to use.
   *
   * @throws TokenizerFormatException if it is not
   */
  static JsonNode requirePreTokenizer(JsonNode part, Path file) throws TokenizerFormatException {
    require(part, "pre_tokenizer", PRE_TOKENIZERS, file);
    if (part.path("type").asText().equals("FixedLength") && part.path("length").asInt(5) < 1) {
      throw new TokenizerFormatException(
          file, "pre_tokenizer FixedLength must have a length of 1 or more");
    }
    for (JsonNode inner : part.path("pretokenizers")) {
      requirePreTokenizer(inner, file);
    }
    return part;
  }

  /** Whether a normalizer can turn a text that is not empty into an empty one. */
  static boolean mayDelete(JsonNode normalizer) {
    for (JsonNode inner : normalizer.path("normalizers")) {
      if (mayDelete(inner)) {
        return true;
      }
    }
    String type = normalizer.path("type").asText();
    return DELETING.contains(type)
        || (type.equals("Replace") && normalizer.path("content").asText().isEmpty());
  }

  private static void require(JsonNode part, String field, List<String> known, Path file)
      throws TokenizerFormatException {
    if (part.isNull()) {
      return;
    }
    String type = part.path("type").asText();
    if (!known.contains(type)) {
      throw new TokenizerFormatException(
          file,
          "%s must be of one of the types %s, got '%s'"
              .formatted(field, String.join(", ", known), type));
    }
    if (RegexCheck.repeatsRepeats(part.path("pattern").path("Regex").asText())) {
      throw new TokenizerFormatException(
          file, field + " has a pattern with a repeat inside a repeat, which can take forever");
    }
  }
}
