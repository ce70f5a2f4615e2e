/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.files.OptionNames;

/**
 * Oddities of the Python library (llm2vec 0.2.3) that can be reproduced on request. Each can be
 * switched on to get upstream's result; docs/compatibility.md tells what each costs and why the
 * defaults are as they are. Numbers are those of that page.
 */
public enum CompatibilityFlag {
  /** 1: Qwen2 models attend causally although they are run as bidirectional ones. */
  QWEN2_CAUSAL("qwen2-causal"),
  /** 3: {@code llm2vec_config.json} is read from a local folder only, never from a hub snapshot. */
  IGNORE_HUB_CONFIG("ignore-hub-config"),
  /** 4: the prompt template follows from the exact {@code _name_or_path} of the model. */
  TEMPLATE_BY_NAME("template-by-name"),
  /**
   * 5: pooling {@code eos_token} appends upstream's EOS text even where it is not one token of the
   * model's tokenizer, as {@code </s>} for Llama 3.
   */
  LITERAL_EOS("literal-eos"),
  /**
   * 7: texts over {@code doc_max_length} lose words at the end until they fit, even where nearly
   * nothing is left because the text has few or no spaces.
   */
  WORD_SHORTENING("word-shortening"),
  /**
   * 8: the pooled window is as long as the text alone has tokens, which may be off by one or two
   * from the text's tokens inside the prompt.
   */
  WINDOW_OF_TEXT_ALONE("window-of-text-alone"),
  /** 8, 2.5: the separator inside a user's text is taken for the mark before the text. */
  SEPARATOR_IN_TEXT("separator-in-text"),
  /** 9: where nothing is to be pooled, mean pooling takes the whole row with its padding. */
  EMPTY_POOLS_PADDING("empty-pools-padding"),
  /** 10: pooling {@code bos_token} fails for a text that holds another BOS. */
  EVERY_BOS("every-bos"),
  /** 11: a {@code mask_token} such as {@code _} is always one token, whatever stands around it. */
  ATOMIC_MASK_TOKEN("atomic-mask-token"),
  /**
   * 22: the tokenizer classes of Llama and Gemma put BOS before a text and no EOS behind it where
   * neither add_bos_token nor add_eos_token is written, whatever tokenizer.json says.
   */
  CLASS_FRAME("class-frame"),
  /** 22: only tokenizer.json decides about BOS and EOS, as in transformers 5. */
  TOKENIZER_JSON_FRAME("tokenizer-json-frame");

  private final String optionName;

  CompatibilityFlag(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in options. */
  public String optionName() {
    return optionName;
  }

  /**
   * Finds a flag by its spelling in options.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that exist
   */
  public static CompatibilityFlag of(String optionName) {
    return OptionNames.find("compatibility", values(), CompatibilityFlag::optionName, optionName);
  }
}
