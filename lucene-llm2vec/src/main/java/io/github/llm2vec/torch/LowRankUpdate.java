/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.safetensors.TensorSource;

/**
 * One LoRA pair that is merged into a linear weight while it is loaded: {@code W + scale * B A} (Hu
 * et al., 2021, LoRA, section 4.1), computed in single precision and rounded once to the model's
 * dtype.
 *
 * @param source holds both matrices
 * @param a name of A, {@code (R, in)}
 * @param b name of B, {@code (out, R)}
 * @param scale alpha / r, or alpha / sqrt(r) for rank-stabilised LoRA
 */
public record LowRankUpdate(TensorSource source, String a, String b, double scale) {}
