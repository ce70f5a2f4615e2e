/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The {@code adapter_config.json} of a PEFT adapter: target modules, ranks and scales. Unknown keys
 * are ignored as in PEFT; options that change what an adapter computes and are not supported are
 * refused by name.
 */
public final class LoraConfig {

  public static final String FILE_NAME = "adapter_config.json";

  private static final int MAX_RANK = 1 << 16;
  private static final double MAX_ALPHA = 1e9;
  private static final Pattern LAYER_INDEX = Pattern.compile("(?:.*\\.)?layers\\.(\\d{1,9})\\..*");

  private static final List<String> REFUSED =
      List.of(
          "target_parameters",
          "layer_replication",
          "use_qalora",
          "use_bdlora",
          "alora_invocation_tokens",
          "arrow_config",
          "kasa_config",
          "monteclora_config");

  // Those that leave the base's weights as they are; the others subtract something from them.
  private static final Set<String> PLAIN_INITIALISATIONS = Set.of("gaussian", "eva", "orthogonal");

  private final JsonObject json;
  private final Optional<String> baseModel;
  private final int rank;
  private final double alpha;
  private final boolean rankStabilised;
  // In the order of the file: the first that matches counts.
  private final Map<PythonRegex, Integer> ranks = new LinkedHashMap<>();
  private final Map<PythonRegex, Double> alphas = new LinkedHashMap<>();
  private final List<Integer> layers;

  private LoraConfig(JsonObject json) throws ModelFormatException {
    this.json = json;
    refuseUnsupported();
    this.baseModel = json.text("base_model_name_or_path");
    this.rank = json.whole("r", 8, 1, MAX_RANK);
    this.alpha = json.positive("lora_alpha", MAX_ALPHA).orElse(8.0);
    this.rankStabilised = json.flag("use_rslora").orElse(false);
    this.layers = json.wholes("layers_to_transform", 0, Integer.MAX_VALUE);
    readPatterns();
  }

  /**
   * Reads the file.
   *
   * @throws ModelFormatException if it is not valid or needs what is not supported
   */
  public static LoraConfig read(Path file) throws IOException {
    return new LoraConfig(JsonObject.read(file));
  }

  /**
   * {@code base_model_name_or_path}: folder or hub id of the weights that this was trained on.
   *
   * @throws ModelFormatException if it is not there
   */
  public String requiredBaseModel() throws ModelFormatException {
    if (baseModel.isEmpty() || baseModel.get().isEmpty()) {
      throw json.unsupported(
          "base_model_name_or_path", "is missing", "Name the folder or hub id of the base");
    }
    return baseModel.get();
  }

  /** Where this was read from. */
  public Path file() {
    return json.file();
  }

  /** Whether the sums of weights and updates are rescaled (Liu et al., 2024, DoRA). */
  boolean usesDora() throws ModelFormatException {
    return json.flag("use_dora").orElse(false);
  }

  /** {@code modules_to_save}: ends of the paths of modules that were trained as a whole. */
  List<String> savedModules() throws ModelFormatException {
    return json.texts("modules_to_save");
  }

  /**
   * {@code trainable_token_indices} of a module: rows of the embedding that were trained.
   *
   * @param last largest index that the module has
   */
  List<Integer> trainedTokens(String module, int last) throws ModelFormatException {
    String key = "trainable_token_indices";
    if (!json.isObject(key)) {
      return json.wholes(key, 0, last);
    }
    JsonObject byModule = json.object(key).orElseThrow();
    for (String name : byModule.keys()) {
      if (isNamed(name, module)) {
        return byModule.wholes(name, 0, last);
      }
    }
    return List.of();
  }

  /**
   * Whether PEFT would give a module an adapter.
   *
   * @param module its path in the model that the adapter was trained around, such as {@code
   *     layers.0.self_attn.q_proj} in an encoder and the same with {@code model.} before it in a
   *     language model; so for the other methods, too
   */
  boolean targets(String module) throws ModelFormatException {
    if (named("exclude_modules", module)) {
      return false;
    }
    if (!json.isSet("target_modules")) {
      return false;
    }
    // Layers are looked at for ends of paths only; a module that is named whole is meant.
    boolean whole = !json.isText("target_modules") && json.texts("target_modules").contains(module);
    return whole || (named("target_modules", module) && inLayers(module));
  }

  /** Rank of a module's adapter. */
  int rank(String module) throws ModelFormatException {
    return override(ranks, module).orElse(rank);
  }

  /** What a module's {@code B * A} is multiplied by. */
  double scale(String module) throws ModelFormatException {
    double numerator = override(alphas, module).orElse(alpha);
    int denominator = rank(module);
    return numerator / (rankStabilised ? Math.sqrt(denominator) : denominator);
  }

  private void refuseUnsupported() throws ModelFormatException {
    String type = json.text("peft_type").orElse("LORA");
    if (!type.equals("LORA")) {
      throw json.unsupported("peft_type", "'" + type + "' is not supported", "Use LORA");
    }
    for (String key : REFUSED) {
      if (json.isSet(key)) {
        throw json.unsupported(
            key,
            "is set to " + json.shown(key) + ", which is not supported",
            "Merge the adapter into its base with PEFT and open the result");
      }
    }
    if (!List.of("none", "all", "lora_only").contains(json.text("bias").orElse("none"))) {
      throw json.wrong("bias", "none, all or lora_only");
    }
    if (json.isText("init_lora_weights")
        && !PLAIN_INITIALISATIONS.contains(json.text("init_lora_weights").orElseThrow())) {
      throw json.unsupported(
          "init_lora_weights",
          "is " + json.shown("init_lora_weights") + ", which changes the base's weights",
          "Convert it with PEFT (path_initial_model_for_weight_conversion)");
    }
  }

  private void readPatterns() throws ModelFormatException {
    Optional<JsonObject> rankPattern = json.object("rank_pattern");
    if (rankPattern.isPresent()) {
      for (String key : rankPattern.get().keys()) {
        ranks.put(suffix(rankPattern.get(), key), rankPattern.get().whole(key, rank, 1, MAX_RANK));
      }
    }
    Optional<JsonObject> alphaPattern = json.object("alpha_pattern");
    if (alphaPattern.isPresent()) {
      for (String key : alphaPattern.get().keys()) {
        alphas.put(
            suffix(alphaPattern.get(), key),
            alphaPattern.get().positive(key, MAX_ALPHA).orElse(alpha));
      }
    }
  }

  private static PythonRegex suffix(JsonObject object, String key) throws ModelFormatException {
    return new PythonRegex(object, key, "(.*\\.)?(" + key + ")");
  }

  private <T> Optional<T> override(Map<PythonRegex, T> patterns, String module)
      throws ModelFormatException {
    for (Map.Entry<PythonRegex, T> entry : patterns.entrySet()) {
      if (entry.getKey().matches(module)) {
        return Optional.of(entry.getValue());
      }
    }
    return Optional.empty();
  }

  private boolean named(String key, String module) throws ModelFormatException {
    if (!json.isText(key)) {
      List<String> names = new ArrayList<>(json.texts(key));
      return names.stream().anyMatch(name -> isNamed(name, module));
    }
    String text = json.text(key).orElseThrow();
    if (text.equalsIgnoreCase("all-linear")) {
      return true;
    }
    return new PythonRegex(json, key, text).matches(module);
  }

  private static boolean isNamed(String name, String module) {
    return ("." + module).endsWith("." + name);
  }

  private boolean inLayers(String module) {
    if (layers.isEmpty()) {
      return true;
    }
    Matcher matcher = LAYER_INDEX.matcher(module);
    return matcher.matches() && layers.contains(Integer.valueOf(matcher.group(1)));
  }
}
