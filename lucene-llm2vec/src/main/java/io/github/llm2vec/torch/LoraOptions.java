/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.List;

/**
 * Low-rank adaptation of a model's linear layers (Hu et al., 2021, LoRA).
 *
 * @param rank R
 * @param alpha numerator of the scale {@code alpha / rank}
 * @param dropout probability with which an element of a branch's input is dropped while training
 * @param targets linear layers that are adapted, of {@link #ALL_TARGETS}
 */
public record LoraOptions(int rank, double alpha, double dropout, List<String> targets)
    implements TrainableParameters {

  /** Every linear layer of a decoder, under its Hugging Face name. */
  public static final List<String> ALL_TARGETS =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

  /** Rejects ranks below one, dropout outside {@code [0, 1)} and unknown or no targets. */
  public LoraOptions {
    targets = List.copyOf(targets);
    if (rank < 1 || !(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException(
          "LoRA needs rank >= 1 and 0 <= dropout < 1, got " + rank + " and " + dropout);
    }
    if (targets.isEmpty() || !ALL_TARGETS.containsAll(targets)) {
      throw new IllegalArgumentException(
          "LoRA targets must be some of " + ALL_TARGETS + ", got " + targets);
    }
  }

  /** What a branch's output is multiplied by. */
  public double scale() {
    return alpha / rank;
  }
}
