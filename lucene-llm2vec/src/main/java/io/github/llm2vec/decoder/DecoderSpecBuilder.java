/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import io.github.llm2vec.decoder.Architecture.Trait;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import java.util.List;

/** Turns the keys of config.json into a causal {@link DecoderSpec} by an architecture's rules. */
final class DecoderSpecBuilder {

  static final int MAX_POSITIONS = 1 << 30;

  private static final int MAX_VOCABULARY = 1 << 24;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_HEADS = 4096;
  private static final int MAX_HEAD_DIM = 1 << 14;
  private static final double MAX_SCALE = 1e6;

  private final JsonObject json;
  private final Architecture architecture;
  private final Architecture.Defaults defaults;

  DecoderSpecBuilder(JsonObject json, Architecture architecture) {
    this.json = json;
    this.architecture = architecture;
    this.defaults = architecture.defaults();
  }

  /** {@code max_position_embeddings} or its default. */
  static int maxPositions(JsonObject json, Architecture architecture) throws ModelFormatException {
    return json.whole(
        "max_position_embeddings", architecture.defaults().maxPositions(), 1, MAX_POSITIONS);
  }

  /** Reads and checks everything. */
  DecoderSpec build() throws ModelFormatException {
    int hidden = json.whole("hidden_size", defaults.hiddenSize(), 1, MAX_WIDTH);
    int heads = json.whole("num_attention_heads", defaults.heads(), 1, MAX_HEADS);
    int headDim = headDim(hidden, heads);
    List<DecoderSpec.Layer> layers =
        new LayerConfig(json, architecture, kvHeads(heads), headDim).layers();
    for (DecoderSpec.Layer layer : layers) {
      check(layer, heads);
    }
    boolean perLayer = architecture.has(Trait.PER_LAYER_EMBEDDINGS);
    return new DecoderSpec(
        architecture.modelType(),
        json.whole("vocab_size", defaults.vocabSize(), 1, MAX_VOCABULARY),
        hidden,
        json.whole("intermediate_size", defaults.intermediateSize(), 1, MAX_WIDTH),
        attention(headDim),
        norms(),
        activation(),
        architecture.has(Trait.MLP_BIAS_BY_KEY) && json.flag("mlp_bias").orElse(false),
        architecture.has(Trait.FUSED_PROJECTIONS),
        embeddingScale(hidden),
        multiplier("residual_multiplier"),
        perLayer ? json.whole("hidden_size_per_layer_input", 512, 1, MAX_WIDTH) : 0,
        perLayer ? json.whole("embedding_dim", 768, 1, MAX_WIDTH) : hidden,
        layers,
        true);
  }

  private DecoderSpec.Attention attention(int headDim) throws ModelFormatException {
    boolean split = architecture.has(Trait.ATTENTION_BIAS_SPLIT);
    boolean byKey = split || architecture.has(Trait.ATTENTION_BIAS_BY_KEY);
    boolean bias = byKey && json.flag("attention_bias").orElse(split);
    DecoderSpec.QueryKeyNorm norm = DecoderSpec.QueryKeyNorm.NONE;
    if (architecture.has(Trait.QUERY_KEY_NORM)) {
      norm = DecoderSpec.QueryKeyNorm.PER_HEAD;
    } else if (architecture.has(Trait.WHOLE_QUERY_KEY_NORM)) {
      norm = DecoderSpec.QueryKeyNorm.WHOLE;
    }
    return new DecoderSpec.Attention(
        json.whole("num_attention_heads", defaults.heads(), 1, MAX_HEADS),
        bias || architecture.has(Trait.QKV_BIAS),
        split ? json.flag("attention_out_bias").orElse(false) : bias,
        norm,
        architecture.has(Trait.PER_LAYER_EMBEDDINGS),
        attentionScale(headDim),
        softCap());
  }

  private DecoderSpec.Norms norms() throws ModelFormatException {
    DecoderSpec.NormWeight weight = DecoderSpec.NormWeight.ROUNDED_FIRST;
    if (architecture.has(Trait.ONE_PLUS_NORM)) {
      weight = DecoderSpec.NormWeight.ONE_PLUS;
    } else if (architecture.has(Trait.SINGLE_NORM)) {
      weight = DecoderSpec.NormWeight.SINGLE;
    }
    boolean around = architecture.has(Trait.NORMS_AROUND);
    boolean after = architecture.has(Trait.NORMS_AFTER);
    return new DecoderSpec.Norms(
        weight, json.positive("rms_norm_eps", 1).orElse(defaults.eps()), !after, around || after);
  }

  private int headDim(int hidden, int heads) throws ModelFormatException {
    int fallback = json.mentions("head_dim") ? 0 : defaults.headDim();
    if (fallback == 0 && !json.has("head_dim")) {
      if (hidden % heads != 0) {
        throw json.wrong(
            "num_attention_heads", "a divisor of hidden_size (" + hidden + ") without head_dim");
      }
      fallback = hidden / heads;
    }
    return headDim(json, fallback);
  }

  /** {@code head_dim} of an object, or a fallback. */
  static int headDim(JsonObject json, int fallback) throws ModelFormatException {
    return headDim(json, "head_dim", fallback);
  }

  static int headDim(JsonObject json, String key, int fallback) throws ModelFormatException {
    int headDim = json.whole(key, fallback, 2, MAX_HEAD_DIM);
    if (headDim % 2 != 0 || headDim < 2 || headDim > MAX_HEAD_DIM) {
      throw json.unsupported(
          key,
          "must be even and from 2 to " + MAX_HEAD_DIM + ", got " + headDim,
          "Correct the file or use another model");
    }
    return headDim;
  }

  private void check(DecoderSpec.Layer layer, int heads) throws ModelFormatException {
    if ((long) layer.headDim() * heads > MAX_WIDTH) {
      throw json.unsupported(
          "head_dim",
          "times num_attention_heads is %s, more than %s"
              .formatted((long) layer.headDim() * heads, MAX_WIDTH),
          "Correct the file");
    }
    if (heads % layer.kvHeads() != 0) {
      throw json.unsupported(
          "num_key_value_heads",
          "must divide num_attention_heads (" + heads + "), got " + layer.kvHeads(),
          "Correct the file");
    }
  }

  private int kvHeads(int heads) throws ModelFormatException {
    // An explicit null means as many as heads, for every type.
    boolean byDefault = !json.mentions("num_key_value_heads") && defaults.kvHeads() > 0;
    int fallback = byDefault ? defaults.kvHeads() : heads;
    return json.whole("num_key_value_heads", fallback, 1, MAX_HEADS);
  }

  private DecoderSpec.Activation activation() throws ModelFormatException {
    boolean gemma = architecture.has(Trait.GEMMA_ACTIVATION);
    // Files of transformers 5 have no hidden_activation for Gemma 1; "gelu" was written by mistake.
    boolean first = architecture.has(Trait.FIRST_GEMMA) && !json.mentions("hidden_activation");
    String key = gemma && !first ? "hidden_activation" : "hidden_act";
    String name = json.text(key).orElse(gemma ? "gelu_pytorch_tanh" : "silu");
    return switch (first && name.equals("gelu") ? "gelu_pytorch_tanh" : name) {
      case "silu", "swish" -> DecoderSpec.Activation.SILU;
      case "gelu_pytorch_tanh", "gelu_new" -> DecoderSpec.Activation.GELU_TANH;
      case "gelu" -> DecoderSpec.Activation.GELU;
      default ->
          throw json.unsupported(
              key, "'" + name + "' is not supported", "Use silu, gelu or gelu_pytorch_tanh");
    };
  }

  private double embeddingScale(int hidden) throws ModelFormatException {
    return architecture.has(Trait.SCALED_EMBEDDINGS)
        ? Math.sqrt(hidden)
        : multiplier("embedding_multiplier");
  }

  private double multiplier(String key) throws ModelFormatException {
    return architecture.has(Trait.MULTIPLIERS) ? json.positive(key, MAX_SCALE).orElse(1.0) : 1;
  }

  private double attentionScale(int headDim) throws ModelFormatException {
    if (architecture.has(Trait.SCORE_SCALE_BY_KEY)) {
      return 1 / Math.sqrt(json.positive("query_pre_attn_scalar", MAX_WIDTH).orElse(256.0));
    }
    if (architecture.has(Trait.MULTIPLIERS)) {
      return multiplier("attention_multiplier");
    }
    return architecture.has(Trait.PER_LAYER_EMBEDDINGS) ? 1 : 1 / Math.sqrt(headDim);
  }

  private double softCap() throws ModelFormatException {
    double fallback = json.mentions("attn_logit_softcapping") ? 0 : 50;
    return architecture.has(Trait.SOFT_CAPPED_SCORES)
        ? json.positive("attn_logit_softcapping", MAX_SCALE).orElse(fallback)
        : 0;
  }
}
