/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.safetensors.DType;

/**
 * Options for running a decoder.
 *
 * @param dtype in which weights are kept and multiplied
 * @param device where
 * @param maxTokens longest text that will be given, in tokens; sizes the rotary tables
 * @param packedLinear whether linear layers may use weights reordered for the CPU. Twice as fast
 *     there; ignored on a GPU and where libtorch has no oneDNN
 * @param threads within one operation on a CPU; 0 for as many as libtorch has by itself
 */
public record DecoderOptions(
    DType dtype, TorchDevice device, int maxTokens, boolean packedLinear, int threads) {

  /** Rejects a length below one, a negative number of threads, and int8 and int4 on a GPU. */
  public DecoderOptions {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be >= 1, got " + maxTokens);
    }
    if (!dtype.isStored() && device.type() != TorchDevice.Type.CPU) {
      throw new IllegalArgumentException(
          "dtype %s runs on the CPU only; for device %s choose bfloat16 or float16"
              .formatted(dtype.configName(), device));
    }
    if (threads < 0) {
      throw new IllegalArgumentException("threads must not be negative, got " + threads);
    }
  }

  /** With as many threads as libtorch has by itself. */
  public DecoderOptions(DType dtype, TorchDevice device, int maxTokens, boolean packedLinear) {
    this(dtype, device, maxTokens, packedLinear, 0);
  }
}
