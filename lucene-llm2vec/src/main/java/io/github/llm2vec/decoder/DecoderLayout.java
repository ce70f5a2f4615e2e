/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names and shapes of a decoder's tensors, as Hugging Face names them in a bare encoder ({@code
 * LlamaModel} and the like, without a leading {@code model.}).
 *
 * @param tensors every tensor with its shape, in the order of the forward pass
 * @param linears the linear layers inside the decoder's layers, by module path such as {@code
 *     layers.0.self_attn.q_proj}
 */
public record DecoderLayout(Map<String, List<Long>> tensors, Map<String, Linear> linears) {

  /** Copies the maps and keeps their order. */
  public DecoderLayout {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    linears = Collections.unmodifiableMap(new LinkedHashMap<>(linears));
  }

  /**
   * A linear layer; its weight is {@code [out, in]}.
   *
   * @param in width of its input
   * @param out width of its output
   */
  public record Linear(int in, int out) {}

  /** Number of weights of the linear layers, by each of which a token is multiplied once. */
  public double linearWeights() {
    return linears.values().stream()
        .mapToDouble(linear -> (double) linear.in() * linear.out())
        .sum();
  }

  /** Lays out the tensors that a specification needs. */
  public static DecoderLayout of(DecoderSpec spec) {
    Builder builder = new Builder(spec);
    builder.build();
    return new DecoderLayout(builder.tensors, builder.linears);
  }

  private static final class Builder {
    private final DecoderSpec spec;
    private final Map<String, List<Long>> tensors = new LinkedHashMap<>();
    private final Map<String, Linear> linears = new LinkedHashMap<>();

    Builder(DecoderSpec spec) {
      this.spec = spec;
    }

    void build() {
      int hidden = spec.hiddenSize();
      tensors.put("embed_tokens.weight", List.of((long) spec.vocabSize(), (long) hidden));
      for (int i = 0; i < spec.layers().size(); i++) {
        layer("layers." + i + ".", spec.layers().get(i));
      }
      norm("norm", hidden);
      int perLayer = spec.perLayerSize();
      if (perLayer > 0) {
        matrix("ple.per_layer_model_projection", hidden, perLayer * spec.layers().size());
        norm("ple.per_layer_projection_norm", perLayer);
        matrix("embedding_projection", hidden, spec.outputSize());
      }
    }

    private void layer(String prefix, DecoderSpec.Layer layer) {
      int hidden = spec.hiddenSize();
      int inner = spec.intermediateSize();
      boolean before = spec.norms().before();
      boolean after = spec.norms().after();
      attention(prefix, layer);
      if (before) {
        norm(prefix + "input_layernorm", hidden);
      }
      norm(prefix + "post_attention_layernorm", hidden);
      if (before && after) {
        norm(prefix + "pre_feedforward_layernorm", hidden);
      }
      if (spec.fusedProjections()) {
        linear(prefix + "mlp.gate_up_proj", hidden, 2 * inner, spec.mlpBias());
      } else {
        linear(prefix + "mlp.gate_proj", hidden, inner, spec.mlpBias());
        linear(prefix + "mlp.up_proj", hidden, inner, spec.mlpBias());
      }
      linear(prefix + "mlp.down_proj", inner, hidden, spec.mlpBias());
      if (after) {
        norm(prefix + "post_feedforward_layernorm", hidden);
      }
      if (spec.perLayerSize() > 0) {
        linear(prefix + "ple_block.per_layer_input_gate", hidden, spec.perLayerSize(), false);
        linear(prefix + "ple_block.per_layer_projection", spec.perLayerSize(), hidden, false);
        norm(prefix + "ple_block.post_per_layer_input_norm", hidden);
        tensors.put(prefix + "layer_scalar", List.of(1L));
      }
    }

    private void attention(String prefix, DecoderSpec.Layer layer) {
      int hidden = spec.hiddenSize();
      DecoderSpec.Attention attention = spec.attention();
      int queries = attention.heads() * layer.headDim();
      int keys = layer.kvHeads() * layer.headDim();
      if (spec.fusedProjections()) {
        linear(prefix + "self_attn.qkv_proj", hidden, queries + 2 * keys, attention.qkvBias());
      } else {
        linear(prefix + "self_attn.q_proj", hidden, queries, attention.qkvBias());
        linear(prefix + "self_attn.k_proj", hidden, keys, attention.qkvBias());
        linear(prefix + "self_attn.v_proj", hidden, keys, attention.qkvBias());
      }
      if (attention.queryKeyNorm() != DecoderSpec.QueryKeyNorm.NONE) {
        boolean whole = attention.queryKeyNorm() == DecoderSpec.QueryKeyNorm.WHOLE;
        norm(prefix + "self_attn.q_norm", whole ? queries : layer.headDim());
        norm(prefix + "self_attn.k_norm", whole ? keys : layer.headDim());
      }
      linear(prefix + "self_attn.o_proj", queries, hidden, attention.outputBias());
    }

    private void norm(String module, int width) {
      tensors.put(module + ".weight", List.of((long) width));
    }

    private void matrix(String module, int in, int out) {
      tensors.put(module + ".weight", List.of((long) out, (long) in));
    }

    private void linear(String module, int in, int out, boolean bias) {
      linears.put(module, new Linear(in, out));
      matrix(module, in, out);
      if (bias) {
        tensors.put(module + ".bias", List.of((long) out));
      }
    }
  }
}
