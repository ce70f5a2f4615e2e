/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/** Kernels for the linear layers of a decoder. */
enum LinearKernel {
  /** {@code torch.linear} on row-major weights: every device, and differentiable. */
  PLAIN,
  /**
   * oneDNN on weights reordered once when the model is loaded, with activation, product and
   * residual sum done while the result is still in registers. CPU and inference only; on processors
   * without Intel's own GEMM tuning it is more than twice as fast in single precision.
   */
  PACKED;

  /** Up to so many rows the steps between their numbers are alike. */
  private static final int SMALL = 64;

  private static final int STEPS_PER_OCTAVE = 8;

  /**
   * How many rows are given to the linear layers for a batch of so many tokens. oneDNN compiles
   * code for every number of rows that it meets and keeps it, some hundred kilobytes for each of a
   * layer's products, so it is to meet few: multiples of 8, and from 64 on eight between a power of
   * two and the next. In a large batch 4 % of the rows on average, at most 11 %, are then there for
   * nobody.
   */
  int rows(int tokens) {
    if (this == PLAIN) {
      return tokens;
    }
    int step = Math.max(SMALL, Integer.highestOneBit(tokens - 1)) / STEPS_PER_OCTAVE;
    return (tokens + step - 1) / step * step;
  }
}
