/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import java.util.List;

/**
 * Rotary position embedding (Su et al., 2021, RoFormer) with its long-context scaling already
 * applied: position p turns the pair (i, i + R/2) of the first R components of a head by {@code p *
 * inverseFrequencies[i]}; what follows them stays as it is.
 *
 * @param inverseFrequencies R/2 angles per position step, single precision as the reference has it;
 *     R is the head size unless only a part of it is turned (Phi-4-mini)
 * @param longFrequencies those of texts longer than {@code shortLength} (LongRoPE); else empty
 * @param shortLength see there; {@link Integer#MAX_VALUE} if it makes no difference
 * @param attentionFactor factor of cosines and sines (YaRN); 1 for the other kinds
 * @param queryScaleBeta queries at position p are multiplied by {@code 1 + beta * log(1 + floor(p /
 *     queryScaleLength))} (Ministral 3); 0 for none
 * @param queryScaleLength see there
 * @param maxLength longest sequence for which these frequencies hold, in tokens; {@link
 *     Integer#MAX_VALUE} unless the kind of scaling changes them with every length (dynamic)
 */
public record Rope(
    List<Float> inverseFrequencies,
    List<Float> longFrequencies,
    int shortLength,
    double attentionFactor,
    double queryScaleBeta,
    int queryScaleLength,
    int maxLength) {

  /** No rotation at all, as some layers of SmolLM3 have it. */
  public static final Rope NONE = of(List.of(), 1, Integer.MAX_VALUE);

  /** Copies the lists. */
  public Rope {
    inverseFrequencies = List.copyOf(inverseFrequencies);
    longFrequencies = List.copyOf(longFrequencies);
  }

  /** An embedding with the same frequencies for texts of every length. */
  static Rope of(List<Float> inverseFrequencies, double attentionFactor, int maxLength) {
    return new Rope(
        inverseFrequencies, List.of(), Integer.MAX_VALUE, attentionFactor, 0, 1, maxLength);
  }

  /** The same with queries that grow with their position. */
  Rope withQueryScale(double beta, int length) {
    return new Rope(
        inverseFrequencies, longFrequencies, shortLength, attentionFactor, beta, length, maxLength);
  }

  /** Whether nothing is turned. */
  public boolean isNone() {
    return inverseFrequencies.isEmpty();
  }
}
