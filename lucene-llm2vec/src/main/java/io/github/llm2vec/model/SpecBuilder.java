/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import io.github.llm2vec.model.Architecture.Trait;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Turns the keys of config.json into a causal {@link DecoderSpec} by an architecture's rules. */
final class SpecBuilder {

  private static final int MAX_VOCABULARY = 1 << 24;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 4096;
  private static final int MAX_HEADS = 4096;
  private static final int MAX_HEAD_DIM = 1 << 14;
  private static final int MAX_POSITIONS = 1 << 30;
  private static final double MAX_THETA = 1e15;

  private static final int DEFAULT_WINDOW = 4096;
  private static final double GEMMA3_LOCAL_THETA = 10_000;
  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";

  private final JsonObject json;
  private final Architecture architecture;
  private final Architecture.Defaults defaults;

  SpecBuilder(JsonObject json, Architecture architecture) {
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
    boolean attentionBias =
        architecture.has(Trait.ATTENTION_BIAS_BY_KEY) && json.flag("attention_bias").orElse(false);
    return new DecoderSpec(
        architecture.modelType(),
        json.whole("vocab_size", defaults.vocabSize(), 1, MAX_VOCABULARY),
        hidden,
        json.whole("intermediate_size", defaults.intermediateSize(), 1, MAX_WIDTH),
        heads,
        kvHeads(heads),
        headDim,
        json.positive("rms_norm_eps", 1).orElse(1e-6),
        activation(),
        attentionBias || architecture.has(Trait.QKV_BIAS),
        attentionBias,
        architecture.has(Trait.MLP_BIAS_BY_KEY) && json.flag("mlp_bias").orElse(false),
        architecture.has(Trait.QUERY_KEY_NORM),
        architecture.has(Trait.ONE_PLUS_NORM),
        architecture.has(Trait.SANDWICH_NORMS),
        architecture.has(Trait.SCALED_EMBEDDINGS),
        attentionScale(headDim),
        layers(headDim),
        true);
  }

  private int headDim(int hidden, int heads) throws ModelFormatException {
    int fallback = defaults.headDim();
    if (fallback == 0 && !json.has("head_dim")) {
      if (hidden % heads != 0) {
        throw json.wrong(
            "num_attention_heads", "a divisor of hidden_size (" + hidden + ") without head_dim");
      }
      fallback = hidden / heads;
    }
    int headDim = json.whole("head_dim", fallback, 2, MAX_HEAD_DIM);
    if (headDim % 2 != 0 || headDim < 2) {
      throw json.unsupported(
          "head_dim", "must be even, got " + headDim, "Correct the file or use another model");
    }
    if (headDim > MAX_HEAD_DIM || (long) headDim * heads > MAX_WIDTH) {
      throw json.unsupported(
          "head_dim",
          "times num_attention_heads is " + (long) headDim * heads + ", more than " + MAX_WIDTH,
          "Correct the file");
    }
    return headDim;
  }

  private int kvHeads(int heads) throws ModelFormatException {
    // An explicit null means as many as heads, for every type.
    boolean byDefault = !json.mentions("num_key_value_heads") && defaults.kvHeads() > 0;
    int fallback = byDefault ? defaults.kvHeads() : heads;
    int kvHeads = json.whole("num_key_value_heads", fallback, 1, MAX_HEADS);
    if (heads % kvHeads != 0) {
      throw json.unsupported(
          "num_key_value_heads",
          "must divide num_attention_heads (" + heads + "), got " + kvHeads,
          "Correct the file");
    }
    return kvHeads;
  }

  private DecoderSpec.Activation activation() throws ModelFormatException {
    boolean gemma = architecture.has(Trait.GEMMA_ACTIVATION);
    String key = gemma ? "hidden_activation" : "hidden_act";
    String name = json.text(key).orElse(gemma ? "gelu_pytorch_tanh" : "silu");
    return switch (name) {
      case "silu", "swish" -> DecoderSpec.Activation.SILU;
      case "gelu_pytorch_tanh", "gelu_new" -> DecoderSpec.Activation.GELU_TANH;
      case "gelu" -> DecoderSpec.Activation.GELU;
      default ->
          throw json.unsupported(
              key, "'" + name + "' is not supported", "Use silu, gelu or gelu_pytorch_tanh");
    };
  }

  private double attentionScale(int headDim) throws ModelFormatException {
    return architecture.has(Trait.SCORE_SCALE_BY_KEY)
        ? 1 / Math.sqrt(json.positive("query_pre_attn_scalar", MAX_WIDTH).orElse(256.0))
        : 1 / Math.sqrt(headDim);
  }

  private List<DecoderSpec.Layer> layers(int headDim) throws ModelFormatException {
    int count = json.whole("num_hidden_layers", defaults.layers(), 1, MAX_LAYERS);
    if (architecture.has(Trait.WINDOW_ALTERNATING)) {
      return alternating(headDim, count);
    }
    DecoderSpec.Layer full = new DecoderSpec.Layer(rope(headDim), 0);
    DecoderSpec.Layer sliding = new DecoderSpec.Layer(full.rope(), window(), 0);
    if (architecture.has(Trait.WINDOW_IN_ALL_LAYERS)) {
      return Collections.nCopies(count, sliding);
    }
    if (architecture.has(Trait.WINDOW_IF_ENABLED)
        && json.flag("use_sliding_window").orElse(false)) {
      int first = json.whole("max_window_layers", 28, 0, Integer.MAX_VALUE);
      return layersByType(count, i -> i >= first, sliding, full);
    }
    return Collections.nCopies(count, full);
  }

  /** Gemma3: local layers with a window and plain RoPE, every sixth global with the scaled one. */
  private List<DecoderSpec.Layer> alternating(int headDim, int count) throws ModelFormatException {
    int maxPositions = maxPositions(json, architecture);
    Optional<JsonObject> nested = json.object("rope_parameters");
    Optional<JsonObject> global;
    Optional<JsonObject> local = Optional.empty();
    if (nested.isPresent()) {
      for (String key : nested.get().keys()) {
        if (!key.equals(FULL) && !key.equals(SLIDING)) {
          throw nested
              .get()
              .unsupported(
                  key, "is not a kind of layer", "Use the keys " + FULL + " and " + SLIDING);
        }
      }
      global = nested.get().object(FULL);
      local = nested.get().object(SLIDING);
    } else {
      global = json.object("rope_scaling");
    }
    double globalTheta = theta(global, "rope_theta", defaults.ropeTheta());
    double localTheta = theta(local, "rope_local_base_freq", GEMMA3_LOCAL_THETA);
    int window = window();
    if (window == 0) {
      throw json.wrong("sliding_window", "a number");
    }
    int pattern =
        json.whole(
            "sliding_window_pattern",
            json.whole("_sliding_window_pattern", 6, 1, MAX_LAYERS),
            1,
            MAX_LAYERS);
    return layersByType(
        count,
        i -> (i + 1) % pattern != 0,
        new DecoderSpec.Layer(
            new RopeScaling(headDim, localTheta, maxPositions, local).rope(),
            window,
            window / 2 + 1),
        new DecoderSpec.Layer(
            new RopeScaling(headDim, globalTheta, maxPositions, global).rope(), 0));
  }

  private List<DecoderSpec.Layer> layersByType(
      int count, IntPredicate slidingByDefault, DecoderSpec.Layer sliding, DecoderSpec.Layer full)
      throws ModelFormatException {
    List<String> types = json.texts("layer_types");
    if (!types.isEmpty() && types.size() != count) {
      throw json.unsupported(
          "layer_types",
          "has " + types.size() + " entries for " + count + " layers",
          "Correct the file");
    }
    List<DecoderSpec.Layer> layers = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String fallback = slidingByDefault.test(i) ? SLIDING : FULL;
      String type = types.isEmpty() ? fallback : types.get(i);
      if (!type.equals(SLIDING) && !type.equals(FULL)) {
        throw json.unsupported(
            "layer_types", "names '" + type + "'", "Use " + FULL + " or " + SLIDING);
      }
      layers.add(type.equals(SLIDING) ? sliding : full);
    }
    return layers;
  }

  private int window() throws ModelFormatException {
    int fallback = json.mentions("sliding_window") ? 0 : DEFAULT_WINDOW;
    return json.whole("sliding_window", fallback, 1, Integer.MAX_VALUE);
  }

  private Rope rope(int headDim) throws ModelFormatException {
    Optional<JsonObject> newer = json.object("rope_parameters");
    Optional<JsonObject> older = json.object("rope_scaling");
    // As in transformers 5: the older key wins if it says anything.
    Optional<JsonObject> parameters =
        older.isPresent() && json.isSet("rope_scaling") ? older : newer;
    if (parameters.isPresent()) {
      for (String key : parameters.get().keys()) {
        if (parameters.get().isObject(key)) {
          throw parameters
              .get()
              .unsupported(
                  key,
                  "differs by kind of layer, which is not supported here",
                  "Use another model");
        }
      }
    }
    if (json.positive("partial_rotary_factor", 1).orElse(1.0) != 1) {
      throw json.unsupported(
          "partial_rotary_factor", "other than 1 is not supported", "Use another model");
    }
    double theta =
        theta(parameters, "rope_theta", theta(newer, "rope_theta", defaults.ropeTheta()));
    return new RopeScaling(headDim, theta, maxPositions(json, architecture), parameters).rope();
  }

  private double theta(Optional<JsonObject> parameters, String olderKey, double fallback)
      throws ModelFormatException {
    if (parameters.isPresent() && parameters.get().has("rope_theta")) {
      return parameters.get().positive("rope_theta", MAX_THETA).orElseThrow();
    }
    return json.positive(olderKey, MAX_THETA).orElse(fallback);
  }
}
