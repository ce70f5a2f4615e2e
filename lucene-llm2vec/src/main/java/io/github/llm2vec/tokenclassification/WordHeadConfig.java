/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

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
