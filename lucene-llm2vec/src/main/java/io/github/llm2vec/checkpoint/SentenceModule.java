/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import java.nio.file.Path;

/** A module of sentence-transformers that follows the pooling. */
public sealed interface SentenceModule {

  /** Scales the vector to length one. */
  record Normalize() implements SentenceModule {}

  /**
   * A linear layer with an activation: {@code activation(W x + b)}, and {@code x} added to it, or
   * {@code R x} where the widths differ, if it is residual.
   *
   * @param in width of the input
   * @param out width of the output
   * @param bias whether there is a {@code linear.bias}
   * @param activation class of PyTorch, without its package
   * @param residual whether the input is added
   * @param weights safetensors file with {@code linear.weight} {@code [out, in]} and its kin
   */
  record Dense(int in, int out, boolean bias, String activation, boolean residual, Path weights)
      implements SentenceModule {}
}
