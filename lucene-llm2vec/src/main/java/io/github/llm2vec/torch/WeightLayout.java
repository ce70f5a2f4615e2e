/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.model.DecoderSpec;
import io.github.llm2vec.model.Rope;
import java.util.ArrayList;
import java.util.List;

/**
 * Which tensors of a checkpoint fill which weight of the module, in the order in which the module
 * keeps them: the embedding, then every layer's weights, then the final norm, then one cosine and
 * one sine table per distinct rotary embedding.
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
   * A checkpoint tensor inside a slot.
   *
   * @param name tensor name without the {@code model.} prefix, such as {@code
   *     layers.0.self_attn.q_proj.weight}
   * @param rows its first dimension
   * @param columns its second dimension, or 0 for a vector
   */
  record Part(String name, int rows, int columns) {

    long[] shape() {
      return columns == 0 ? new long[] {rows} : new long[] {rows, columns};
    }
  }

  private final DecoderSpec spec;
  private final LinearKernel kernel;
  private final List<Slot> slots = new ArrayList<>();
  private final List<Rope> ropes = new ArrayList<>();
  private int slotsPerLayer;

  WeightLayout(DecoderSpec spec, LinearKernel kernel) {
    this.spec = spec;
    this.kernel = kernel;
    matrix(false, new Part("embed_tokens.weight", spec.vocabSize(), spec.hiddenSize()));
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      int before = slots.size();
      layer("layers." + layer + ".");
      slotsPerLayer = slots.size() - before;
    }
    vector("norm.weight", spec.hiddenSize());
    for (DecoderSpec.Layer layer : spec.layers()) {
      if (!ropes.contains(layer.rope())) {
        ropes.add(layer.rope());
      }
    }
  }

  private void layer(String prefix) {
    int hidden = spec.hiddenSize();
    int queries = spec.heads() * spec.headDim();
    int keys = spec.kvHeads() * spec.headDim();
    String attention = prefix + "self_attn.";
    vector(prefix + "input_layernorm.weight", hidden);
    matrix(
        true,
        new Part(attention + "q_proj.weight", queries, hidden),
        new Part(attention + "k_proj.weight", keys, hidden),
        new Part(attention + "v_proj.weight", keys, hidden));
    if (spec.qkvBias()) {
      matrix(
          false,
          new Part(attention + "q_proj.bias", queries, 0),
          new Part(attention + "k_proj.bias", keys, 0),
          new Part(attention + "v_proj.bias", keys, 0));
    }
    if (spec.queryKeyNorm()) {
      vector(attention + "q_norm.weight", spec.headDim());
      vector(attention + "k_norm.weight", spec.headDim());
    }
    linear(attention + "o_proj", hidden, queries, spec.outputBias());
    vector(prefix + "post_attention_layernorm.weight", hidden);
    if (spec.sandwichNorms()) {
      vector(prefix + "pre_feedforward_layernorm.weight", hidden);
    }
    int inner = spec.intermediateSize();
    if (kernel == LinearKernel.PACKED) {
      linear(prefix + "mlp.gate_proj", inner, hidden, spec.mlpBias());
      linear(prefix + "mlp.up_proj", inner, hidden, spec.mlpBias());
    } else {
      matrix(
          true,
          new Part(prefix + "mlp.gate_proj.weight", inner, hidden),
          new Part(prefix + "mlp.up_proj.weight", inner, hidden));
      if (spec.mlpBias()) {
        matrix(
            false,
            new Part(prefix + "mlp.gate_proj.bias", inner, 0),
            new Part(prefix + "mlp.up_proj.bias", inner, 0));
      }
    }
    linear(prefix + "mlp.down_proj", hidden, inner, spec.mlpBias());
    if (spec.sandwichNorms()) {
      vector(prefix + "post_feedforward_layernorm.weight", hidden);
    }
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

  /** Index of the final norm's weight; the tables of {@link #ropes} follow it. */
  int finalNorm() {
    return slots.size() - 1;
  }

  /** The distinct rotary embeddings of the layers. */
  List<Rope> ropes() {
    return List.copyOf(ropes);
  }

  /** Index of the cosine table of a layer; its sine table follows. */
  int ropeTable(DecoderSpec.Layer layer) {
    return slots.size() + 2 * ropes.indexOf(layer.rope());
  }
}
