/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

/**
 * Where reading a tokenizer's files leaves a choice.
 *
 * @param atomicMaskToken whether a {@code mask_token} of the configuration that is an ordinary
 *     vocabulary entry (LLM2Vec's {@code _}) is cut out of texts as a token of its own
 * @param frame what decides about the special tokens around a text
 * @param lowercase whether texts are lowercased before anything else, as {@code do_lower_case} of
 *     sentence-transformers has it
 * @param embeddingRows rows of the model's embedding: a text with an id beyond them is refused
 */
public record TokenizerOptions(
    boolean atomicMaskToken, Frame frame, boolean lowercase, int embeddingRows) {

  /** What decides about the special tokens around a text. */
  public enum Frame {
    /**
     * {@code add_bos_token} and {@code add_eos_token} of tokenizer_config.json where the
     * tokenizer's class heeds them, with the class's defaults: transformers 4.44.
     */
    CLASS,
    /**
     * The same where one of the two is written there, else the post-processor of tokenizer.json: so
     * every version of transformers finds what it saved.
     */
    WRITTEN,
    /** The post-processor of tokenizer.json alone: transformers 5. */
    TOKENIZER_JSON
  }

  /** As published checkpoints need it, for a model of any size. */
  public static final TokenizerOptions DEFAULTS =
      new TokenizerOptions(true, Frame.WRITTEN, false, Integer.MAX_VALUE);

  /** The same with texts lowercased or not. */
  public TokenizerOptions withLowercase(boolean value) {
    return new TokenizerOptions(atomicMaskToken, frame, value, embeddingRows);
  }

  /** The same for a model whose embedding has so many rows. */
  public TokenizerOptions withEmbeddingRows(int rows) {
    return new TokenizerOptions(atomicMaskToken, frame, lowercase, rows);
  }
}
