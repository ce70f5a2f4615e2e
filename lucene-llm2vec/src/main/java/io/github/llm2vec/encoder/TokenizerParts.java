/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Lets only those normalizers and pre-tokenizers through to the native library that decoder
 * language models have. A tokenizer.json is untrusted, and the library aborts the whole process
 * over some odd parts: a damaged Precompiled normalizer, an empty Prepend before a Unicode form, a
 * pattern whose matching explodes.
 */
final class TokenizerParts {

  private static final List<String> NORMALIZERS =
      List.of("Sequence", "NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace", "Lowercase");

  private static final List<String> PRE_TOKENIZERS =
      List.of(
          "Sequence",
          "ByteLevel",
          "Metaspace",
          "Split",
          "Digits",
          "Punctuation",
          "Whitespace",
          "WhitespaceSplit");

  /** A group that repeats and is itself repeated without limit, as in {@code (a+)+}. */
  private static final Pattern NESTED_REPEAT =
      Pattern.compile("(?:(?<!\\\\)[+*]|\\{\\d+,})[^()]*(?<!\\\\)\\)(?:[+*]|\\{\\d*,})");

  private TokenizerParts() {}

  /**
   * Returns a normalizer that is fit to use.
   *
   * @throws TokenizerFormatException if it is not
   */
  static JsonNode requireNormalizer(JsonNode part, Path file) throws TokenizerFormatException {
    require(part, "normalizer", NORMALIZERS, file);
    String type = part.path("type").asText();
    if (type.equals("Prepend") && part.path("prepend").asText().isEmpty()) {
      throw new TokenizerFormatException(file, "normalizer Prepend must prepend something");
    }
    if (type.equals("Replace") && part.path("pattern").path("String").asText().isEmpty()) {
      throw new TokenizerFormatException(
          file, "normalizer Replace must have a pattern that is a string, and not empty");
    }
    for (JsonNode inner : part.path("normalizers")) {
      requireNormalizer(inner, file);
    }
    return part;
  }

  /**
   * Returns a pre-tokenizer that is fit to use.
   *
   * @throws TokenizerFormatException if it is not
   */
  static JsonNode requirePreTokenizer(JsonNode part, Path file) throws TokenizerFormatException {
    require(part, "pre_tokenizer", PRE_TOKENIZERS, file);
    for (JsonNode inner : part.path("pretokenizers")) {
      requirePreTokenizer(inner, file);
    }
    return part;
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
          field
              + " must be of one of the types "
              + String.join(", ", known)
              + ", got '"
              + type
              + "'");
    }
    String pattern = part.path("pattern").path("Regex").asText();
    if (NESTED_REPEAT.matcher(pattern).find()) {
      throw new TokenizerFormatException(
          file, field + " has a pattern with a repeat inside a repeat, which can take forever");
    }
  }
}
