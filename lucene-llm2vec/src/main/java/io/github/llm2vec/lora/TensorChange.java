/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import java.util.List;
import java.util.Optional;

/** A change that an adapter makes to one tensor of a decoder, as PEFT merges it. */
public sealed interface TensorChange {

  /**
   * Takes a tensor of the adapter in place of the decoder's: {@code modules_to_save}, trained
   * biases, saved embeddings.
   *
   * @param name of the tensor in the adapter; it has the decoder's shape
   */
  record Replacement(String name) implements TensorChange {}

  /**
   * Adds a low-rank product to a matrix.
   *
   * @param pair of a linear layer, whose weight is {@code [out, in]}; or of the embedding, whose
   *     weight {@code [V, H]} gets the transposed product
   * @param embedding whether it is the embedding's
   * @param magnitude tensor by which the sum is rescaled (Liu et al., 2024, DoRA): norms of its
   *     rows, or of its columns for the embedding; empty without DoRA
   */
  record LowRank(LoraPair pair, boolean embedding, Optional<String> magnitude)
      implements TensorChange {}

  /**
   * Adds a multiple of a vector: {@code lora_bias}.
   *
   * @param name of the vector in the adapter
   * @param scale its factor
   */
  record Shift(String name, double scale) implements TensorChange {}

  /**
   * Takes single rows of the adapter: {@code trainable_token_indices}.
   *
   * @param name tensor with the rows, {@code [rows.size(), H]}
   * @param rows their places in the decoder's tensor
   */
  record Rows(String name, List<Integer> rows) implements TensorChange {

    /** Copies the list. */
    public Rows {
      rows = List.copyOf(rows);
    }
  }

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
}
