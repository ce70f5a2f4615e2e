/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * One step's hyper-parameters of AdamW (Loshchilov and Hutter, 2019, algorithm 2).
 *
 * @param learningRate of this step
 * @param beta1 decay of the mean gradient
 * @param beta2 decay of the mean squared gradient
 * @param epsilon added to the root of the latter
 * @param weightDecay decoupled from the gradient
 */
public record AdamW(
    double learningRate, double beta1, double beta2, double epsilon, double weightDecay) {

  /** PyTorch's and Hugging Face's defaults, without weight decay. */
  public static AdamW withLearningRate(double learningRate) {
    return new AdamW(learningRate, 0.9, 0.999, 1e-8, 0);
  }
}
