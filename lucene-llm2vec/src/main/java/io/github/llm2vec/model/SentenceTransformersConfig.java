/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the files of sentence-transformers beside a model say: {@code modules.json}, the pooling
 * module's {@code config.json}, {@code config_sentence_transformers.json} and {@code
 * sentence_bert_config.json}.
 *
 * @param poolingMode {@code mean}, {@code lasttoken} or {@code weightedmean}
 * @param includePrompt whether pooling counts the tokens of the prompt
 * @param normalize whether vectors are scaled to length one
 * @param prompts texts put before an input, by name such as {@code query}
 * @param defaultPromptName the prompt of inputs for which none is chosen
 * @param maxSeqLength longest input in tokens
 */
public record SentenceTransformersConfig(
    String poolingMode,
    boolean includePrompt,
    boolean normalize,
    Map<String, String> prompts,
    Optional<String> defaultPromptName,
    Optional<Integer> maxSeqLength) {

  static final String MODULES = "modules.json";
  static final String PROMPTS = "config_sentence_transformers.json";
  static final String TRANSFORMER = "sentence_bert_config.json";

  private static final int MAX_TOKENS = 1 << 30;
  private static final List<String> POOLING_MODES = List.of("mean", "lasttoken", "weightedmean");
  private static final Pattern POOLING_KEY = Pattern.compile("pooling_mode_(.+?)(_tokens?)?");

  /** Copies the map and keeps its order. */
  public SentenceTransformersConfig {
    prompts = Collections.unmodifiableMap(new LinkedHashMap<>(prompts));
  }

  /**
   * Reads the files of a model folder, if it has {@code modules.json}.
   *
   * @throws ModelFormatException if a file is not valid or the model has a module, such as Dense,
   *     that is not supported
   */
  public static Optional<SentenceTransformersConfig> read(Path folder) throws IOException {
    return read(ModelFolder.unfenced(folder));
  }

  static Optional<SentenceTransformersConfig> read(ModelFolder folder) throws IOException {
    Optional<Path> modules = folder.file(MODULES);
    if (modules.isEmpty()) {
      return Optional.empty();
    }
    Optional<JsonObject> pooling = Optional.empty();
    boolean normalize = false;
    for (JsonObject module : JsonObject.readList(modules.get())) {
      String path = module.text("path").orElse("");
      switch (type(module)) {
        case "Transformer" -> requireOwnFolder(module, path);
        case "Pooling" ->
            pooling =
                Optional.of(
                    JsonObject.read(
                        folder.required(path + "/config.json", "Fetch the complete model")));
        case "Normalize" -> normalize = true;
        default -> throw unsupported(module);
      }
    }
    if (pooling.isEmpty()) {
      throw new ModelFormatException(
          modules.get(), "has no Pooling module", "Use a model that gives one vector per text");
    }
    return Optional.of(read(folder, pooling.get(), normalize));
  }

  private static SentenceTransformersConfig read(
      ModelFolder folder, JsonObject pooling, boolean normalize) throws IOException {
    Map<String, String> prompts = Map.of();
    Optional<String> defaultPrompt = Optional.empty();
    Optional<Path> promptFile = folder.file(PROMPTS);
    if (promptFile.isPresent()) {
      JsonObject json = JsonObject.read(promptFile.get());
      prompts = json.textMap("prompts");
      defaultPrompt = json.text("default_prompt_name");
    }
    Optional<Integer> maxSeqLength = Optional.empty();
    Optional<Path> transformerFile = folder.file(TRANSFORMER);
    if (transformerFile.isPresent()) {
      JsonObject json = JsonObject.read(transformerFile.get());
      maxSeqLength = json.whole("max_seq_length", 1, MAX_TOKENS);
      if (json.flag("do_lower_case").orElse(false)) {
        throw json.unsupported(
            "do_lower_case", "is true, which is not supported", "Use another model");
      }
    }
    return new SentenceTransformersConfig(
        poolingMode(pooling),
        pooling.flag("include_prompt").orElse(true),
        normalize,
        prompts,
        defaultPrompt,
        maxSeqLength);
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
        "Use a model whose modules are Transformer, Pooling and Normalize");
  }

  private static void requireOwnFolder(JsonObject module, String path) throws ModelFormatException {
    if (!path.isEmpty() && !path.equals(".")) {
      throw module.unsupported(
          "path",
          "is " + module.shown("path") + ", not the model's own folder",
          "Name that folder");
    }
  }

  private static String poolingMode(JsonObject pooling) throws ModelFormatException {
    List<String> modes = new ArrayList<>();
    if (pooling.isText("pooling_mode")) {
      modes.add(pooling.text("pooling_mode").orElseThrow());
    } else {
      for (String key : pooling.keys()) {
        Matcher matcher = POOLING_KEY.matcher(key);
        if (matcher.matches() && pooling.flag(key).orElse(false)) {
          modes.add(matcher.group(1));
        }
      }
    }
    if (modes.size() != 1 || !POOLING_MODES.contains(modes.get(0))) {
      throw new ModelFormatException(
          pooling.file(),
          "asks for pooling " + modes + "; exactly one of " + POOLING_MODES + " is supported",
          "Use another model");
    }
    return modes.get(0);
  }
}
