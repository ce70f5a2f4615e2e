/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.checkpoint.SentenceTransformersConfig.SentenceModule;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The modules of {@code modules.json}: a Transformer, a Pooling, then any number of Dense and
 * Normalize. Dropout does nothing outside training.
 *
 * @param transformerPath folder of the decoder, "" for the model's own
 * @param poolingModes see {@link SentenceTransformersConfig}
 * @param includePrompt see {@link SentenceTransformersConfig}
 * @param afterPooling what follows
 */
record SentenceModules(
    String transformerPath,
    List<String> poolingModes,
    boolean includePrompt,
    List<SentenceModule> afterPooling) {

  private static final String WEIGHTS = "model.safetensors";
  private static final String VECTOR = "sentence_embedding";
  private static final int MAX_WIDTH = 1 << 20;

  /** The old spelling, a switch per mode, in the order in which the results are joined. */
  private static final List<Map.Entry<String, String>> SWITCHES =
      List.of(
          Map.entry("pooling_mode_cls_token", "cls"),
          Map.entry("pooling_mode_max_tokens", "max"),
          Map.entry("pooling_mode_mean_tokens", "mean"),
          Map.entry("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
          Map.entry("pooling_mode_weightedmean_tokens", "weightedmean"),
          Map.entry("pooling_mode_lasttoken", "lasttoken"));

  static SentenceModules read(ModelFolder folder, Path file) throws IOException {
    String transformer = transformerPath(file);
    List<String> modes = List.of();
    boolean includePrompt = true;
    List<SentenceModule> after = new ArrayList<>();
    for (JsonObject module : JsonObject.readList(file)) {
      String path = module.text("path").orElse("");
      String type = type(module);
      if (!type.equals("Transformer") && !type.equals("Pooling") && modes.isEmpty()) {
        throw misplaced(module);
      }
      switch (type) {
        case "Transformer", "Dropout" -> {}
        case "Pooling" -> {
          if (!modes.isEmpty()) {
            throw misplaced(module);
          }
          JsonObject pooling = config(folder, path);
          modes = modes(pooling);
          includePrompt = pooling.flag("include_prompt").orElse(true);
        }
        case "Normalize" -> {
          Optional<Path> own = folder.file(SentenceTransformersConfig.inside(path, "config.json"));
          if (own.isPresent() && !path.isEmpty()) {
            requireVector(JsonObject.read(own.get()));
          }
          after.add(new SentenceModule.Normalize());
        }
        case "Dense" -> after.add(dense(folder, path));
        default -> throw unsupported(module);
      }
    }
    if (modes.isEmpty()) {
      throw new ModelFormatException(
          file, "has no Pooling module", "Use a model that gives one vector per text");
    }
    return new SentenceModules(transformer, modes, includePrompt, List.copyOf(after));
  }

  static String transformerPath(Path file) throws IOException {
    for (JsonObject module : JsonObject.readList(file)) {
      if (type(module).equals("Transformer")) {
        String path = module.text("path").orElse("");
        return path.equals(".") ? "" : path;
      }
    }
    throw new ModelFormatException(file, "has no Transformer module", "Use a model of text");
  }

  /** None of a file that cannot be read, which is said when the model is opened. */
  static List<String> weightFiles(Path file) throws IOException {
    List<JsonObject> modules;
    try {
      modules = JsonObject.readList(file);
    } catch (ModelFormatException e) {
      return List.of();
    }
    List<String> files = new ArrayList<>();
    for (JsonObject module : modules) {
      if (module.text("type").orElse("").endsWith("Dense")) {
        files.add(SentenceTransformersConfig.inside(module.text("path").orElse(""), WEIGHTS));
      }
    }
    return files;
  }

  /** The last part of the class name; modules with code of their own are not known. */
  private static String type(JsonObject module) throws ModelFormatException {
    String type = module.text("type").orElse("");
    if (!type.startsWith("sentence_transformers.")) {
      throw unsupported(module);
    }
    return type.substring(type.lastIndexOf('.') + 1);
  }

  private static ModelFormatException unsupported(JsonObject module) {
    return module.unsupported(
        "type",
        module.shown("type") + " is not supported",
        "Use a model whose modules are Transformer, Pooling, Dense and Normalize");
  }

  private static ModelFormatException misplaced(JsonObject module) {
    return module.unsupported(
        "type",
        module.shown("type") + " stands where it is not supported",
        "Use a model with one Pooling right behind the Transformer");
  }

  private static JsonObject config(ModelFolder folder, String path) throws IOException {
    return JsonObject.read(
        folder.required(
            SentenceTransformersConfig.inside(path, "config.json"), "Fetch the complete model"));
  }

  private static List<String> modes(JsonObject pooling) throws ModelFormatException {
    List<String> modes = new ArrayList<>();
    if (pooling.has("pooling_mode")) {
      modes.addAll(
          pooling.isText("pooling_mode")
              ? List.of(pooling.text("pooling_mode").orElseThrow())
              : pooling.texts("pooling_mode"));
    } else {
      for (Map.Entry<String, String> known : SWITCHES) {
        if (pooling.flag(known.getKey()).orElse(false)) {
          modes.add(known.getValue());
        }
      }
    }
    List<String> known = SWITCHES.stream().map(Map.Entry::getValue).toList();
    if (!known.containsAll(modes)) {
      throw pooling.wrong("pooling_mode", "one or several of " + known);
    }
    return modes.isEmpty() ? List.of("mean") : modes;
  }

  private static SentenceModule dense(ModelFolder folder, String path) throws IOException {
    JsonObject json = config(folder, path);
    requireVector(json);
    int in = required(json, "in_features");
    int out = required(json, "out_features");
    // A class that is not PyTorch's is not trusted there: the default takes its place.
    String activation = json.text("activation_function").orElse("torch.nn.Tanh");
    String name = activation.startsWith("torch.") ? activation : "torch.nn.Tanh";
    String file = SentenceTransformersConfig.inside(path, WEIGHTS);
    return new SentenceModule.Dense(
        in,
        out,
        json.flag("bias").orElse(true),
        name.substring(name.lastIndexOf('.') + 1),
        json.flag("use_residual").orElse(false),
        folder.required(file, "Save the module as safetensors with sentence-transformers"));
  }

  private static int required(JsonObject json, String key) throws ModelFormatException {
    return json.whole(key, 1, MAX_WIDTH)
        .orElseThrow(() -> json.unsupported(key, "is missing", "Fetch the complete model"));
  }

  /** Modules can also work on the states of tokens, or beside the vector. */
  private static void requireVector(JsonObject json) throws ModelFormatException {
    for (String key : List.of("module_input_name", "module_output_name")) {
      if (!json.text(key).orElse(VECTOR).equals(VECTOR)) {
        throw json.unsupported(
            key,
            "is " + json.shown(key) + "; only " + VECTOR + " is supported",
            "Use a model whose modules follow the pooling");
      }
    }
  }
}
