/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.decoder.Rope;
import java.util.ArrayList;
import java.util.List;

/**
 * The mapping of checkpoint tensors to the weights of a module, in the order in which the module
 * keeps them: the embedding, then every layer's weights, then the final norm, then three tables per
 * distinct rotary embedding.
 *
 * <p>Projections that read the same input share one weight (q, k, v; gate and up) so that they are
 * one matrix product; the packed kernel keeps gate and up apart because it fuses the activation
 * into the product instead.
 */
final class WeightLayout {

  /**
   * A weight of the module.
   *
   * @param parts checkpoint tensors that are stacked along the first dimension, in order
   * @param linear whether this is the matrix of a linear layer
   */
  record Slot(List<Part> parts, boolean linear) {

    Slot {
      parts = List.copyOf(parts);
    }

    /** Rows of all parts together. */
    long rows() {
      return parts.stream().mapToLong(Part::rows).sum();
    }
  }

  /**
   * Rows of a checkpoint tensor inside a slot, mostly all of them.
   *
   * @param name tensor name without the {@code model.} prefix, such as {@code
   *     layers.0.self_attn.q_proj.weight}
   * @param first the first of the rows
   * @param rows how many there are
   * @param columns the tensor's second dimension, or 0 for a vector
   * @param of the tensor's first dimension
   */
  record Part(String name, int first, int rows, int columns, int of) {

    /** A whole tensor. */
    Part(String name, int rows, int columns) {
      this(name, 0, rows, columns, rows);
    }

    /** The shape of these rows. */
    long[] shape() {
      return columns == 0 ? new long[] {rows} : new long[] {rows, columns};
    }

    /** The shape of the tensor. */
    long[] tensorShape() {
      return columns == 0 ? new long[] {of} : new long[] {of, columns};
    }
  }

  private final DecoderSpec spec;
  private final LinearKernel kernel;
  private final List<Slot> slots = new ArrayList<>();
  private final List<Rope> ropes = new ArrayList<>();
  private final int finalNorm;
  private int slotsPerLayer;

  WeightLayout(DecoderSpec spec, LinearKernel kernel) {
    this.spec = spec;
    this.kernel = kernel;
    int hidden = spec.hiddenSize();
    matrix(false, new Part("embed_tokens.weight", spec.vocabSize(), hidden));
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      int before = slots.size();
      layer("layers." + layer + ".", spec.layers().get(layer));
      slotsPerLayer = slots.size() - before;
    }
    vector("norm.weight", hidden);
    finalNorm = slots.size() - 1;
    if (spec.perLayerSize() > 0) {
      int all = spec.perLayerSize() * spec.layers().size();
      matrix(true, new Part("ple.per_layer_model_projection.weight", all, hidden));
      vector("ple.per_layer_projection_norm.weight", spec.perLayerSize());
      matrix(true, new Part("embedding_projection.weight", spec.outputSize(), hidden));
    }
    for (DecoderSpec.Layer layer : spec.layers()) {
      if (!layer.rope().isNone() && !ropes.contains(layer.rope())) {
        ropes.add(layer.rope());
      }
    }
  }

  private void layer(String prefix, DecoderSpec.Layer layer) {
    int hidden = spec.hiddenSize();
    boolean before = spec.norms().before();
    boolean after = spec.norms().after();
    if (before) {
      vector(prefix + "input_layernorm.weight", hidden);
    }
    attention(prefix + "self_attn.", layer);
    // Between attention and MLP: the norm of what the one gives, of what the other reads, or both.
    vector(prefix + "post_attention_layernorm.weight", hidden);
    if (before && after) {
      vector(prefix + "pre_feedforward_layernorm.weight", hidden);
    }
    mlp(prefix + "mlp.");
    if (after) {
      vector(prefix + "post_feedforward_layernorm.weight", hidden);
    }
    if (spec.perLayerSize() > 0) {
      linear(prefix + "ple_block.per_layer_input_gate", spec.perLayerSize(), hidden, false);
      linear(prefix + "ple_block.per_layer_projection", hidden, spec.perLayerSize(), false);
      vector(prefix + "ple_block.post_per_layer_input_norm.weight", hidden);
      vector(prefix + "layer_scalar", 1);
    }
  }

  private void attention(String prefix, DecoderSpec.Layer layer) {
    int hidden = spec.hiddenSize();
    DecoderSpec.Attention attention = spec.attention();
    int queries = attention.heads() * layer.headDim();
    int keys = layer.kvHeads() * layer.headDim();
    if (spec.fusedProjections()) {
      linear(prefix + "qkv_proj", queries + 2 * keys, hidden, attention.qkvBias());
    } else {
      matrix(
          true,
          new Part(prefix + "q_proj.weight", queries, hidden),
          new Part(prefix + "k_proj.weight", keys, hidden),
          new Part(prefix + "v_proj.weight", keys, hidden));
      if (attention.qkvBias()) {
        matrix(
            false,
            new Part(prefix + "q_proj.bias", queries, 0),
            new Part(prefix + "k_proj.bias", keys, 0),
            new Part(prefix + "v_proj.bias", keys, 0));
      }
    }
    if (attention.queryKeyNorm() != DecoderSpec.QueryKeyNorm.NONE) {
      boolean whole = attention.queryKeyNorm() == DecoderSpec.QueryKeyNorm.WHOLE;
      vector(prefix + "q_norm.weight", whole ? queries : layer.headDim());
      vector(prefix + "k_norm.weight", whole ? keys : layer.headDim());
    }
    linear(prefix + "o_proj", hidden, queries, attention.outputBias());
  }

  private void mlp(String prefix) {
    int hidden = spec.hiddenSize();
    int inner = spec.intermediateSize();
    boolean bias = spec.mlpBias();
    if (spec.fusedProjections()) {
      String both = prefix + "gate_up_proj.weight";
      if (kernel == LinearKernel.PACKED) {
        matrix(true, new Part(both, 0, inner, hidden, 2 * inner));
        matrix(true, new Part(both, inner, inner, hidden, 2 * inner));
      } else {
        matrix(true, new Part(both, 2 * inner, hidden));
      }
    } else if (kernel == LinearKernel.PACKED) {
      linear(prefix + "gate_proj", inner, hidden, bias);
      linear(prefix + "up_proj", inner, hidden, bias);
    } else {
      matrix(
          true,
          new Part(prefix + "gate_proj.weight", inner, hidden),
          new Part(prefix + "up_proj.weight", inner, hidden));
      if (bias) {
        matrix(
            false,
            new Part(prefix + "gate_proj.bias", inner, 0),
            new Part(prefix + "up_proj.bias", inner, 0));
      }
    }
    linear(prefix + "down_proj", hidden, inner, bias);
  }

  private void linear(String module, int out, int in, boolean bias) {
    matrix(true, new Part(module + ".weight", out, in));
    if (bias) {
      vector(module + ".bias", out);
    }
  }

  private void vector(String name, int length) {
    matrix(false, new Part(name, length, 0));
  }

  private void matrix(boolean linear, Part... parts) {
    slots.add(new Slot(List.of(parts), linear));
  }

  /** The head of a language model, which lies outside the decoder. */
  static Slot head(DecoderSpec spec) {
    Part part = new Part(TrainedTensors.HEAD, spec.vocabSize(), spec.hiddenSize());
    return new Slot(List.of(part), true);
  }

  /** All weights that come from the checkpoint, in the module's order. */
  List<Slot> slots() {
    return List.copyOf(slots);
  }

  /** Weights of one layer; every layer has the same. */
  int slotsPerLayer() {
    return slotsPerLayer;
  }

  /** Index of the final norm's weight; behind it are the projections of EmbeddingGemma 2. */
  int finalNorm() {
    return finalNorm;
  }

  /** The distinct rotary embeddings of the layers. */
  List<Rope> ropes() {
    return List.copyOf(ropes);
  }

  /**
   * Index of a layer's table of cosines; those of sines and of the factors of queries follow it. -1
   * for a layer without a rotary embedding.
   */
  int ropeTable(DecoderSpec.Layer layer) {
    return layer.rope().isNone() ? -1 : slots.size() + 3 * ropes.indexOf(layer.rope());
  }
}
