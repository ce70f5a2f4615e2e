/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

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
      tensors.put(
          "embed_tokens.weight", List.of((long) spec.vocabSize(), (long) spec.hiddenSize()));
      for (int i = 0; i < spec.layers().size(); i++) {
        layer("layers." + i + ".");
      }
      norm("norm", spec.hiddenSize());
    }

    private void layer(String prefix) {
      int hidden = spec.hiddenSize();
      int queries = spec.heads() * spec.headDim();
      int keys = spec.kvHeads() * spec.headDim();
      norm(prefix + "input_layernorm", hidden);
      linear(prefix + "self_attn.q_proj", hidden, queries, spec.qkvBias());
      linear(prefix + "self_attn.k_proj", hidden, keys, spec.qkvBias());
      linear(prefix + "self_attn.v_proj", hidden, keys, spec.qkvBias());
      if (spec.queryKeyNorm()) {
        norm(prefix + "self_attn.q_norm", spec.headDim());
        norm(prefix + "self_attn.k_norm", spec.headDim());
      }
      linear(prefix + "self_attn.o_proj", queries, hidden, spec.outputBias());
      norm(prefix + "post_attention_layernorm", hidden);
      if (spec.sandwichNorms()) {
        norm(prefix + "pre_feedforward_layernorm", hidden);
      }
      linear(prefix + "mlp.gate_proj", hidden, spec.intermediateSize(), spec.mlpBias());
      linear(prefix + "mlp.up_proj", hidden, spec.intermediateSize(), spec.mlpBias());
      linear(prefix + "mlp.down_proj", spec.intermediateSize(), hidden, spec.mlpBias());
      if (spec.sandwichNorms()) {
        norm(prefix + "post_feedforward_layernorm", hidden);
      }
    }

    private void norm(String module, int width) {
      tensors.put(module + ".weight", List.of((long) width));
    }

    private void linear(String module, int in, int out, boolean bias) {
      linears.put(module, new Linear(in, out));
      tensors.put(module + ".weight", List.of((long) out, (long) in));
      if (bias) {
        tensors.put(module + ".bias", List.of((long) out));
      }
    }
  }
}
