/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

/**
 * What kind of tokenizer is learned.
 *
 * @param vocabularySize number of tokens, the five special ones included; fewer if the texts do not
 *     have as many
 * @param lowercase whether texts are put into lower case, which leaves a small vocabulary room for
 *     twice as many words
 * @param leastCount how often a pair must occur to become a token
 * @param maxLength longest sequence of the model in tokens, written as {@code model_max_length}
 */
public record TokenizerOptions(
    int vocabularySize, boolean lowercase, int leastCount, int maxLength) {

  /**
   * The tokens that are not learned. They get the last ids, as in Llama 3. Byte-level tokenizers
   * never need the one for the unknown; programs that ask for it find it.
   */
  enum SpecialToken {
    BOS("bos_token", "<s>"),
    EOS("eos_token", "</s>"),
    PAD("pad_token", "<pad>"),
    MASK("mask_token", "<mask>"),
    UNK("unk_token", "<unk>");

    private final String role;
    private final String content;

    SpecialToken(String role, String content) {
      this.role = role;
      this.content = content;
    }

    /** The key of tokenizer_config.json. */
    String role() {
      return role;
    }

    /** How it is written. */
    String content() {
      return content;
    }
  }

  /** Every byte and every special token has an id. */
  public static final int LEAST_VOCABULARY = ByteAlphabet.SIZE + SpecialToken.values().length;

  /** Checks the values. */
  public TokenizerOptions {
    if (vocabularySize < LEAST_VOCABULARY) {
      throw new IllegalArgumentException(
          "the vocabulary must have at least %s tokens (256 bytes and %s special ones), got %s"
              .formatted(LEAST_VOCABULARY, SpecialToken.values().length, vocabularySize));
    }
    if (leastCount < 1) {
      throw new IllegalArgumentException("leastCount must be >= 1, got " + leastCount);
    }
    if (maxLength < 2) {
      throw new IllegalArgumentException("maxLength must be >= 2, got " + maxLength);
    }
  }
}
