/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import java.util.Arrays;

/**
 * A linear layer from hidden states to labels. Immutable; see {@link WordHeadFiles} for where it is
 * kept.
 *
 * <p>Symbols: <b>H</b> hidden size, <b>L</b> labels.
 */
public final class WordHead {

  private final WordHeadConfig config;
  private final float[] weight;
  private final float[] bias;

  /**
   * A head.
   *
   * @param config what it predicts from what
   * @param weight {@code (H, L)}, row after row: the transpose of {@code torch.nn.Linear}'s, so
   *     that the labels of a state lie side by side; copied
   * @param bias {@code (L)}; copied
   */
  public WordHead(WordHeadConfig config, float[] weight, float[] bias) {
    int labels = config.labels().size();
    if (bias.length != labels || weight.length != (long) config.hiddenSize() * labels) {
      throw new IllegalArgumentException(
          "a head from %s to %s numbers cannot have %s weights and %s biases"
              .formatted(config.hiddenSize(), labels, weight.length, bias.length));
    }
    this.config = config;
    this.weight = weight.clone();
    this.bias = bias.clone();
  }

  /** What it predicts from what. */
  public WordHeadConfig config() {
    return config;
  }

  /** {@code (H, L)}, a fresh array. */
  public float[] weight() {
    return weight.clone();
  }

  /** {@code (L)}, a fresh array. */
  public float[] bias() {
    return bias.clone();
  }

  /**
   * How much speaks for each label.
   *
   * @param state {@code (H)}
   * @return logits {@code (L)}
   */
  public float[] logits(float[] state) {
    float[] logits = bias.clone();
    for (int h = 0; h < state.length; h++) {
      float value = state[h];
      int row = h * logits.length;
      for (int label = 0; label < logits.length; label++) {
        logits[label] += value * weight[row + label];
      }
    }
    return logits;
  }

  /** The label that most speaks for; of equal ones the first. */
  public static int best(float[] logits) {
    int best = 0;
    for (int label = 1; label < logits.length; label++) {
      if (logits[label] > logits[best]) {
        best = label;
      }
    }
    return best;
  }

  /**
   * The probability of a label among all.
   *
   * @param logits {@code (L)}
   */
  public static double probability(float[] logits, int label) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp((double) logit - logits[label]);
    }
    return 1 / sum;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WordHead head
        && config.equals(head.config)
        && Arrays.equals(weight, head.weight)
        && Arrays.equals(bias, head.bias);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(weight);
  }
}
