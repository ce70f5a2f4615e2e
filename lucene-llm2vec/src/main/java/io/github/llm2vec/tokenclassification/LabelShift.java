/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import io.github.llm2vec.files.OptionNames;

/** Position of a sequence that predicts the label of a word: {@code retroactive_labels}. */
public enum LabelShift {
  /** The first token of the word itself. */
  SAME_TOKEN("same_token"),
  /** The token before the first token of the word, as MNTP predicts tokens. */
  NEXT_TOKEN("next_token"),
  /** The first token of the word before. Upstream names it without having it. */
  NEXT_WORD("next_word");

  private final String optionName;

  LabelShift(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in configuration files. */
  public String optionName() {
    return optionName;
  }

  /**
   * Reads the spelling of configuration files.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static LabelShift of(String name) {
    return OptionNames.find("retroactive_labels", values(), LabelShift::optionName, name);
  }
}
