/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import io.github.llm2vec.decoder.Architecture.Trait;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Reader of the per-layer settings of a decoder: attention window, rotary embedding and head size.
 * Reads the keys of config.json by an architecture's rules; the result is for causal attention.
 */
final class LayerConfig {

  private static final int MAX_LAYERS = 4096;
  private static final int MAX_HEADS = 4096;
  private static final double MAX_THETA = 1e15;
  private static final double MAX_BETA = 100;
  private static final int DEFAULT_WINDOW = 4096;
  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";
  private static final String KIND_SUFFIX = "_attention";

  private static final String MINISTRAL3_ROPE =
      "{\"rope_type\":\"yarn\",\"rope_theta\":1000000.0,\"factor\":16.0,"
          + "\"original_max_position_embeddings\":16384,\"mscale\":1.0,\"mscale_all_dim\":1.0,"
          + "\"llama_4_scaling_beta\":0.1}";

  private final JsonObject json;
  private final Architecture architecture;
  private final int kvHeads;
  private final int headDim;
  private final int count;

  LayerConfig(JsonObject json, Architecture architecture, int kvHeads, int headDim)
      throws ModelFormatException {
    this.json = json;
    this.architecture = architecture;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.count = json.whole("num_hidden_layers", architecture.defaults().layers(), 1, MAX_LAYERS);
  }

  /** The layers in their order. */
  List<DecoderSpec.Layer> layers() throws ModelFormatException {
    if (architecture.defaults().slidingPattern() > 0) {
      return alternating();
    }
    DecoderSpec.Layer full = layer(rope(), 0);
    if (architecture.has(Trait.LAYERS_WITHOUT_ROPE)) {
      return someWithoutRope(full);
    }
    if (architecture.has(Trait.WINDOW_IF_ENABLED)) {
      if (!json.flag("use_sliding_window").orElse(false)) {
        return byType(i -> false, full, full, false);
      }
      int first = json.whole("max_window_layers", 28, 0, Integer.MAX_VALUE);
      return byType(i -> i >= first, layer(full.rope(), window()), full, true);
    }
    boolean windowed =
        architecture.has(Trait.WINDOW_IN_ALL_LAYERS)
            || (architecture.has(Trait.WINDOW_IF_NAMED) && json.has("sliding_window"));
    DecoderSpec.Layer sliding = windowed ? layer(full.rope(), window()) : full;
    return byType(i -> true, sliding, full, architecture.has(Trait.LAYER_TYPES_BY_KEY));
  }

  /** Gemma 2 and 3, OLMo 3: most layers have a window and maybe a rotary embedding of their own. */
  private List<DecoderSpec.Layer> alternating() throws ModelFormatException {
    int window = window();
    if (window == 0) {
      throw json.wrong("sliding_window", "a number");
    }
    int pattern = architecture.defaults().slidingPattern();
    if (architecture.has(Trait.PATTERN_BY_KEY)) {
      pattern = json.whole("_sliding_window_pattern", pattern, 1, MAX_LAYERS);
      pattern = json.whole("sliding_window_pattern", pattern, 1, MAX_LAYERS);
    }
    int period = pattern;
    DecoderSpec.Layer sliding;
    DecoderSpec.Layer full;
    if (architecture.defaults().localTheta() == 0) {
      full = layer(rope(), 0);
      sliding = layer(full.rope(), window);
    } else {
      sliding = layer(localRope(), window);
      full = layer(globalRope(), 0);
    }
    List<DecoderSpec.Layer> layers = byType(i -> (i + 1) % period != 0, sliding, full, true);
    return architecture.has(Trait.PER_LAYER_EMBEDDINGS) ? ofOwnSize(layers) : layers;
  }

  private Optional<JsonObject> ropeOfType(String type) throws ModelFormatException {
    Optional<JsonObject> nested = json.object("rope_parameters");
    if (nested.isEmpty()) {
      return Optional.empty();
    }
    // Where the kinds are named, transformers may write parameters beside them that it does not
    // read.
    boolean byKind = nested.get().has(FULL) || nested.get().has(SLIDING);
    for (String key : nested.get().keys()) {
      boolean kind = key.equals(FULL) || key.equals(SLIDING);
      if (!kind && (!byKind || key.endsWith(KIND_SUFFIX))) {
        throw nested
            .get()
            .unsupported(key, "is not a kind of layer", "Use the keys " + FULL + " and " + SLIDING);
      }
    }
    return nested.get().object(type);
  }

  private Rope localRope() throws ModelFormatException {
    Optional<JsonObject> local = ropeOfType(SLIDING);
    double theta = theta(local, "rope_local_base_freq", architecture.defaults().localTheta());
    return scaling(headDim, theta, local, 1).rope();
  }

  private Rope globalRope() throws ModelFormatException {
    Optional<JsonObject> global =
        json.object("rope_parameters").isPresent() ? ropeOfType(FULL) : json.object("rope_scaling");
    double theta = theta(global, "rope_theta", architecture.defaults().ropeTheta());
    return scaling(fullHeadDim(), theta, global, partialFactor(global)).rope();
  }

  private int fullHeadDim() throws ModelFormatException {
    if (!architecture.has(Trait.PER_LAYER_EMBEDDINGS)) {
      return headDim;
    }
    Optional<JsonObject> given = json.object("per_layer_config");
    if (given.isEmpty()) {
      return DecoderSpecBuilder.headDim(json, "global_head_dim", 512);
    }
    Optional<String> any = given.get().keys().stream().findFirst();
    return any.isEmpty()
        ? headDim
        : DecoderSpecBuilder.headDim(given.get().object(any.get()).orElse(json), headDim);
  }

  /** EmbeddingGemma 2: the last layer has no window, and layers without one have larger heads. */
  private List<DecoderSpec.Layer> ofOwnSize(List<DecoderSpec.Layer> layers)
      throws ModelFormatException {
    Optional<JsonObject> given = json.object("per_layer_config");
    DecoderSpec.Layer full = layer(globalRope(), 0);
    List<DecoderSpec.Layer> sized = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      DecoderSpec.Layer layer = i == count - 1 ? full : layers.get(i);
      int heads = kvHeads;
      int dim = headDim;
      if (given.isPresent()) {
        JsonObject own = given.get().object(Integer.toString(i)).orElse(json);
        heads = own.whole("num_key_value_heads", kvHeads, 1, MAX_HEADS);
        dim = DecoderSpecBuilder.headDim(own, headDim);
      } else if (layer.window() == 0) {
        heads = json.whole("num_global_key_value_heads", 1, 1, MAX_HEADS);
        dim = fullHeadDim();
      }
      int turned = 2 * layer.rope().inverseFrequencies().size();
      if (turned != dim) {
        throw json.unsupported(
            "per_layer_config",
            "gives layer " + i + " heads of " + dim + " where others of its kind have " + turned,
            "Use another model");
      }
      sized.add(
          new DecoderSpec.Layer(layer.rope(), heads, dim, layer.window(), layer.otherWindow()));
    }
    return sized;
  }

  /** SmolLM3: layers without a rotary embedding may have a window, if that is enabled. */
  private List<DecoderSpec.Layer> someWithoutRope(DecoderSpec.Layer full)
      throws ModelFormatException {
    int interval = json.whole("no_rope_layer_interval", 4, 1, MAX_LAYERS);
    List<Integer> turned = json.wholes("no_rope_layers", 0, 1);
    if (!turned.isEmpty() && turned.size() < count) {
      throw json.unsupported(
          "no_rope_layers",
          "has " + turned.size() + " entries for " + count + " layers",
          "Correct the file");
    }
    // The switch is about layers that are not named; those of layer_types have a window without it.
    boolean enabled = json.flag("use_sliding_window").orElse(false);
    boolean windowed = json.has("sliding_window");
    DecoderSpec.Layer sliding = windowed ? layer(full.rope(), window()) : full;
    IntPredicate hasRope = i -> turned.isEmpty() ? (i + 1) % interval != 0 : turned.get(i) == 1;
    List<DecoderSpec.Layer> layers =
        byType(i -> enabled && !hasRope.test(i), sliding, full, windowed);
    List<DecoderSpec.Layer> result = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      DecoderSpec.Layer layer = layers.get(i);
      result.add(
          hasRope.test(i)
              ? layer
              : new DecoderSpec.Layer(
                  Rope.NONE, kvHeads, headDim, layer.window(), layer.otherWindow()));
    }
    return result;
  }

  /**
   * Windows by {@code layer_types}, or by a rule if there is no such key.
   *
   * @param named whether the key counts
   */
  private List<DecoderSpec.Layer> byType(
      IntPredicate slidingByDefault,
      DecoderSpec.Layer sliding,
      DecoderSpec.Layer full,
      boolean named)
      throws ModelFormatException {
    List<String> types = named ? json.texts("layer_types") : List.of();
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

  private DecoderSpec.Layer layer(Rope rope, int window) throws ModelFormatException {
    // EmbeddingGemma 2 counts how far a token sees to either side, and itself not.
    int own = window > 0 && architecture.has(Trait.PER_LAYER_EMBEDDINGS) ? window + 1 : window;
    return new DecoderSpec.Layer(rope, kvHeads, headDim, own, bidirectionalWindow(window));
  }

  /** transformers takes a window as a radius where {@code is_causal} is false. */
  private int bidirectionalWindow(int window) throws ModelFormatException {
    if (window == 0) {
      return 0;
    }
    boolean isCausal = json.flag("is_causal").orElse(true);
    if (architecture.has(Trait.WINDOW_HALVED_WHEN_BIDIRECTIONAL)) {
      boolean declared = json.flag("use_bidirectional_attention").orElse(false);
      return isCausal || declared ? window / 2 + (isCausal ? 1 : 2) : window + 1;
    }
    return isCausal && architecture.has(Trait.WINDOW_CAUSAL_ONLY) ? 0 : window + 1;
  }

  private int window() throws ModelFormatException {
    int fallback = json.mentions("sliding_window") ? 0 : defaultWindow();
    return json.whole("sliding_window", fallback, 1, Integer.MAX_VALUE - 1);
  }

  private int defaultWindow() {
    return architecture.has(Trait.PER_LAYER_EMBEDDINGS) ? 512 : DEFAULT_WINDOW;
  }

  /** The one rotary embedding of all layers. */
  private Rope rope() throws ModelFormatException {
    Optional<JsonObject> newer = json.object("rope_parameters");
    Optional<JsonObject> older = json.object("rope_scaling");
    // As in transformers 5: the older key wins if it says anything.
    Optional<JsonObject> parameters =
        older.isPresent() && json.isSet("rope_scaling") ? older : newer;
    if (parameters.isEmpty() && architecture.has(Trait.YARN_BY_DEFAULT)) {
      parameters =
          Optional.of(
              JsonObject.parse(json.file(), MINISTRAL3_ROPE.getBytes(StandardCharsets.UTF_8)));
    }
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
    double theta =
        theta(
            parameters,
            "rope_theta",
            theta(newer, "rope_theta", architecture.defaults().ropeTheta()));
    RopeScaling scaling = scaling(headDim, theta, parameters, partialFactor(parameters));
    Rope rope = scaling.rope();
    if (!architecture.has(Trait.SCALED_QUERIES) || parameters.isEmpty()) {
      return rope;
    }
    double beta = parameters.get().positive("llama_4_scaling_beta", MAX_BETA).orElse(0.0);
    return rope.withQueryScale(beta, scaling.originalLength());
  }

  private RopeScaling scaling(
      int dim, double theta, Optional<JsonObject> parameters, double partialFactor)
      throws ModelFormatException {
    int maxPositions = DecoderSpecBuilder.maxPositions(json, architecture);
    // Only Phi-3 has its trained length beside the parameters, and there it wins.
    Optional<Integer> original =
        architecture.has(Trait.LONGROPE_ONLY)
            ? Optional.of(
                json.whole(
                    "original_max_position_embeddings", 4096, 2, DecoderSpecBuilder.MAX_POSITIONS))
            : Optional.empty();
    return new RopeScaling(
        dim,
        theta,
        maxPositions,
        original,
        partialFactor,
        architecture.has(Trait.LONGROPE_ONLY),
        parameters);
  }

  private double partialFactor(Optional<JsonObject> parameters) throws ModelFormatException {
    double older = json.positive("partial_rotary_factor", 1).orElse(1.0);
    double factor =
        parameters.isPresent()
            ? parameters.get().positive("partial_rotary_factor", 1).orElse(older)
            : older;
    boolean proportional =
        parameters.isPresent()
            && parameters.get().isText("rope_type")
            && parameters.get().text("rope_type").orElse("").equals("proportional");
    if (factor != 1 && !proportional && !architecture.has(Trait.PARTIAL_ROTARY)) {
      throw json.unsupported(
          "partial_rotary_factor", "other than 1 is not supported here", "Use another model");
    }
    return factor;
  }

  private double theta(Optional<JsonObject> parameters, String olderKey, double fallback)
      throws ModelFormatException {
    if (parameters.isPresent() && parameters.get().has("rope_theta")) {
      return parameters.get().positive("rope_theta", MAX_THETA).orElseThrow();
    }
    return json.positive(olderKey, MAX_THETA).orElse(fallback);
  }
}
