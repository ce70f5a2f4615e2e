/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

/**
 * Where reading a tokenizer's files leaves a choice. The defaults are what Python's transformers
 * 4.44, the version of upstream, does.
 *
 * @param atomicMaskToken whether a {@code mask_token} of the configuration that is an ordinary
 *     vocabulary entry (LLM2Vec's {@code _}) is cut out of texts as a token of its own
 * @param configuredFrame whether {@code add_bos_token} and {@code add_eos_token} of
 *     tokenizer_config.json decide about the special tokens around a text where the tokenizer's
 *     class heeds them; otherwise tokenizer.json alone decides, as in transformers 5
 */
public record TokenizerOptions(boolean atomicMaskToken, boolean configuredFrame) {

  /** As upstream's Python reads the files. */
  public static final TokenizerOptions DEFAULTS = new TokenizerOptions(true, true);
}
