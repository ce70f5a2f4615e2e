/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

/**
 * The low-rank change of one linear layer: {@code W + scale * B * A} (Hu et al., 2021, LoRA).
 *
 * @param aName tensor A in the adapter, {@code [rank, in]}
 * @param bName tensor B in the adapter, {@code [out, rank]}
 * @param rank R
 * @param in width of the layer's input
 * @param out width of the layer's output
 * @param scale {@code lora_alpha / R}, or {@code lora_alpha / sqrt(R)} with rank-stabilised LoRA
 */
public record LoraPair(String aName, String bName, int rank, int in, int out, double scale) {}
