/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * The parameters of a model that are trained, beside its head, about which {@link
 * LanguageModelHead} decides.
 */
public sealed interface TrainableParameters permits LoraOptions, TrainableParameters.AllParameters {

  /**
   * Every weight of the model is trained: embeddings, linear layers, biases and norms. It takes
   * four numbers of single precision per weight (the weight, its gradient and Adam's two moments).
   */
  record AllParameters() implements TrainableParameters {}
}
