/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * One step's hyper-parameters of AdamW (Loshchilov and Hutter, 2019, algorithm 2).
 *
 * @param learningRate of this step
 * @param embeddingLearningRate of this step, for what lies outside the layers: token embeddings,
 *     the last norm and the head of a language model. Adam moves every weight by about the learning
 *     rate, but a token's embedding only has a gradient where the token occurs, so that those of a
 *     new model need larger steps; and the norm, which weighs the dimensions of what has become of
 *     them, has to keep up
 * @param beta1 decay of the mean gradient
 * @param beta2 decay of the mean squared gradient
 * @param epsilon added to the root of the latter
 * @param weightDecay decoupled from the gradient
 */
public record AdamW(
    double learningRate,
    double embeddingLearningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay) {

  /** The same learning rate for all weights. */
  public AdamW(
      double learningRate, double beta1, double beta2, double epsilon, double weightDecay) {
    this(learningRate, learningRate, beta1, beta2, epsilon, weightDecay);
  }

  /** PyTorch's and Hugging Face's defaults, without weight decay. */
  public static AdamW withLearningRate(double learningRate) {
    return new AdamW(learningRate, 0.9, 0.999, 1e-8, 0);
  }
}
