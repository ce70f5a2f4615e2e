/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.util.Arrays;

/**
 * The weights of a linear head and the gradient of the mean cross-entropy with respect to them.
 *
 * <p>Weights are {@code (H, L)}, the labels of a state side by side, so that inner loops run over
 * neighbouring floats and become SIMD code.
 */
final class HeadGradient {

  private final int labels;
  private final float[] weight; // (H, L)
  private final float[] bias; // (L)
  private final float[] weightGradient; // (H, L)
  private final float[] biasGradient; // (L)

  /**
   * Starts with weights.
   *
   * @param weight {@code (H, L)}; changed by whoever trains, not here
   * @param bias {@code (L)}
   */
  HeadGradient(float[] weight, float[] bias) {
    this.labels = bias.length;
    this.weight = weight;
    this.bias = bias;
    this.weightGradient = new float[weight.length];
    this.biasGradient = new float[bias.length];
  }

  float[] weight() {
    return weight;
  }

  float[] bias() {
    return bias;
  }

  float[] weightGradient() {
    return weightGradient;
  }

  float[] biasGradient() {
    return biasGradient;
  }

  /** Forgets all gradients. */
  void clear() {
    Arrays.fill(weightGradient, 0);
    Arrays.fill(biasGradient, 0);
  }

  /**
   * Adds the gradient of a batch.
   *
   * @param states {@code (N, H)}, row after row, dropout applied
   * @param truth {@code (N)} numbers of labels
   * @param share what the batch counts in the update: 1 over the number of batches
   * @return the mean cross-entropy of the batch; NaN if it is empty, as in PyTorch
   */
  double add(float[] states, int[] truth, double share) {
    int hidden = weight.length / labels;
    double loss = 0;
    float[] slope = new float[labels];
    float scale = (float) (share / truth.length);
    for (int n = 0; n < truth.length; n++) {
      int row = n * hidden;
      logits(states, row, hidden, slope);
      loss += crossEntropy(slope, truth[n]);
      slope[truth[n]] -= 1;
      for (int label = 0; label < labels; label++) {
        slope[label] *= scale;
        biasGradient[label] += slope[label];
      }
      for (int h = 0; h < hidden; h++) {
        float state = states[row + h];
        int at = h * labels;
        for (int label = 0; label < labels; label++) {
          weightGradient[at + label] += state * slope[label];
        }
      }
    }
    return loss / truth.length;
  }

  private void logits(float[] states, int row, int hidden, float[] logits) {
    System.arraycopy(bias, 0, logits, 0, labels);
    for (int h = 0; h < hidden; h++) {
      float state = states[row + h];
      int at = h * labels;
      for (int label = 0; label < labels; label++) {
        logits[label] += state * weight[at + label];
      }
    }
  }

  /** Turns logits into probabilities. */
  private static double crossEntropy(float[] logits, int truth) {
    float largest = logits[0];
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp((double) logit - largest);
    }
    double loss = Math.log(sum) + largest - logits[truth];
    for (int label = 0; label < logits.length; label++) {
      logits[label] = (float) (Math.exp((double) logits[label] - largest) / sum);
    }
    return loss;
  }
}
