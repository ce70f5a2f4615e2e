/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Every weight of the model is trained: embeddings, linear layers, biases and norms. It takes four
 * numbers of single precision per weight (the weight, its gradient and Adam's two moments).
 */
public record AllParameters() implements TrainableParameters {}
