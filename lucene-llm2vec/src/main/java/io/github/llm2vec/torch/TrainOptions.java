/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.model.DType;

/**
 * How an adapter is trained.
 *
 * @param lora the adapter's shape
 * @param head the language model's head
 * @param dtype of the frozen weights; what is trained is kept in single precision
 * @param device where
 * @param maxTokens longest text that will be given, in tokens
 * @param seed of the adapter's random start and of dropout
 */
public record TrainOptions(
    LoraOptions lora,
    LanguageHead head,
    DType dtype,
    TorchDevice device,
    int maxTokens,
    long seed) {

  /** Rejects a length below one, and half precision, whose gradients overflow without scaling. */
  public TrainOptions {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be >= 1, got " + maxTokens);
    }
    if (dtype == DType.FLOAT16) {
      throw new IllegalArgumentException(
          "training in float16 is not supported, because its gradients overflow; use bfloat16");
    }
  }

  DecoderOptions decoder() {
    return new DecoderOptions(dtype, device, maxTokens, false);
  }
}
