/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import io.github.llm2vec.files.OptionNames;
import java.util.List;
import java.util.Objects;

/**
 * Configuration of a word head: labels, hidden size and alignment.
 *
 * @param labels the labels; the number of one is its place
 * @param hiddenSize length of the states that it looks at
 * @param shift which position predicts a word
 * @param mergeSubwords whether it looks at the mean over all tokens of a word
 * @param bidirectional whether the model's tokens attend to later ones
 * @param maxLength most tokens of a sentence
 */
public record WordHeadConfig(
    List<String> labels,
    int hiddenSize,
    LabelShift shift,
    boolean mergeSubwords,
    boolean bidirectional,
    int maxLength) {

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

  /** Rejects sizes that are none. */
  public WordHeadConfig {
    labels = List.copyOf(labels);
    Objects.requireNonNull(shift, "shift");
    if (labels.isEmpty() || hiddenSize < 1 || maxLength < 1) {
      throw new IllegalArgumentException(
          "a head needs labels, a hidden size and a length, got %s, %s and %s"
              .formatted(labels.size(), hiddenSize, maxLength));
    }
  }
}
