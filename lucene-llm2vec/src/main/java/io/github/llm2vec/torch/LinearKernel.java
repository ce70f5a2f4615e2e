/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/** How the linear layers of a decoder are multiplied. */
enum LinearKernel {
  /** {@code torch.linear} on row-major weights: every device, and differentiable. */
  PLAIN,
  /**
   * oneDNN on weights reordered once when the model is loaded, with activation, product and
   * residual sum done while the result is still in registers. CPU and inference only; on processors
   * without Intel's own GEMM tuning it is more than twice as fast in single precision.
   */
  PACKED
}
