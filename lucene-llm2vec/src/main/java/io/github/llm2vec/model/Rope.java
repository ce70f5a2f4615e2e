/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import java.util.List;

/**
 * Rotary position embedding (Su et al., 2021, RoFormer) with its long-context scaling already
 * applied: position p turns the pair (i, i + D/2) of a head by {@code p * inverseFrequencies[i]}.
 *
 * @param inverseFrequencies D/2 angles per position step, single precision as the reference has it
 * @param attentionFactor factor of cosines and sines (YaRN); 1 for the other kinds
 * @param maxLength longest sequence for which these frequencies hold, in tokens; {@link
 *     Integer#MAX_VALUE} unless the kind of scaling changes them with the length (dynamic,
 *     LongRoPE)
 */
public record Rope(List<Float> inverseFrequencies, double attentionFactor, int maxLength) {

  /** Copies the list. */
  public Rope {
    inverseFrequencies = List.copyOf(inverseFrequencies);
  }
}
