/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

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
