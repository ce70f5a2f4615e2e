/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.safetensors.DType;

/** Kernels for the linear layers of a decoder. */
enum LinearKernel {
  /** {@code torch.linear} on row-major weights: every device, and differentiable. */
  PLAIN,
  /**
   * oneDNN on weights reordered once when the model is loaded, with activation, product and
   * residual sum done while the result is still in registers. CPU and inference only; on processors
   * without Intel's own GEMM tuning it is more than twice as fast in single precision.
   */
  PACKED,
  /**
   * FBGEMM on weights in 16 bits (float16), which are widened in registers and multiplied in single
   * precision. CPU and inference only; needs half the memory of {@link #PACKED} and reads half as
   * much, whether the processor has 16-bit arithmetic or not.
   */
  HALF,
  /**
   * FBGEMM on 8-bit weights and activations in two 8-bit halves; see {@link FbgemmScript}. CPU and
   * inference only.
   */
  INT8,
  /**
   * 4-bit weights, widened for few rows by libtorch's own kernel, for many block by block and
   * multiplied in single precision; see {@link Int4Script}. CPU and inference only.
   */
  INT4,
  /** The same where many rows are multiplied in bfloat16. */
  INT4_BFLOAT16;

  /** Up to so many rows the steps between their numbers are alike. */
  private static final int SMALL = 64;

  private static final int STEPS_PER_OCTAVE = 8;

  /** Whether linear weights are kept by FBGEMM rather than as tensors. */
  boolean fbgemm() {
    return this == HALF || this == INT8;
  }

  /** Whether linear weights are kept in 4 bits. */
  boolean int4() {
    return this == INT4 || this == INT4_BFLOAT16;
  }

  /** Whether linear weights are brought into a form of their own from single precision. */
  boolean keepsItsOwn() {
    return fbgemm() || int4();
  }

  /** The dtype of activations for weights of a dtype. */
  DType computesIn(DType weights) {
    return keepsItsOwn() ? DType.FLOAT32 : weights;
  }

  /**
   * The dtype in which a weight is kept that no linear layer multiplies with, or before packing.
   */
  DType keeps(DType weights, boolean embedding) {
    if (!keepsItsOwn() || (embedding && weights.isStored())) {
      return weights;
    }
    // Embeddings have outliers that 8 bits with a range per row do not bear.
    return embedding ? DType.FLOAT16 : DType.FLOAT32;
  }

  /** In a few words, for operators. */
  String description() {
    return switch (this) {
      case PLAIN -> "torch.linear";
      case PACKED -> "oneDNN, packed weights";
      case HALF -> "FBGEMM, 16-bit weights multiplied in float32";
      case INT8 -> "FBGEMM, 8-bit weights";
      case INT4 -> "4-bit weights, many rows multiplied in float32";
      case INT4_BFLOAT16 -> "4-bit weights, many rows multiplied in bfloat16";
    };
  }

  /**
   * How many rows are given to the linear layers for a batch of so many tokens. oneDNN compiles
   * code for every number of rows that it meets and keeps it, some hundred kilobytes for each of a
   * layer's products, so it is to meet few: multiples of 8, and from 64 on eight between a power of
   * two and the next. In a large batch 4 % of the rows on average, at most 11 %, are then there for
   * nobody.
   */
  int rows(int tokens) {
    boolean compiled = this == PACKED || (this == INT4_BFLOAT16 && tokens > Int4Script.FEW);
    if (!compiled) {
      return tokens;
    }
    int step = Math.max(SMALL, Integer.highestOneBit(tokens - 1)) / STEPS_PER_OCTAVE;
    return (tokens + step - 1) / step * step;
  }
}
