/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.github.llm2vec.trainer.config.ConfigValues.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A configuration before validation: keys of a JSON file, replaced by those of a command line. Old
 * spellings of keys have become the present ones.
 *
 * @param source name for messages that concern no single key
 * @param values by present spelling, in the order in which they were written
 */
record RawConfig(String source, Map<String, Value> values) {

  /** Strict about what JSON leaves open: a key given twice is a mistake. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  /**
   * A value as it was written.
   *
   * @param place where, for messages
   * @param spelling the key as it was written
   * @param node the value; from a command line always text
   * @param fromCommandLine whether the text may stand for a number, a flag or a list
   */
  record Value(String place, String spelling, JsonNode node, boolean fromCommandLine) {}

  /** Reads a JSON file of flat keys. */
  static RawConfig read(Path file) throws IOException {
    String source = file.toString();
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(source, null, "there is no such configuration file");
    }
    JsonNode root;
    try {
      root = JSON.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
      throw new ConfigException(source + line + ": broken JSON: " + e.getOriginalMessage(), e);
    }
    if (!(root instanceof ObjectNode)) {
      throw new ConfigException(
          source + ": expected a JSON object of keys and values, found " + root.getNodeType());
    }
    Map<String, Value> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      String key = entry.getKey();
      add(values, new Value(source + ": key " + key, key, entry.getValue(), false));
    }
    return new RawConfig(source, values);
  }

  /** The same with what a command line says in place of what the file says. */
  RawConfig with(List<String> arguments) {
    Map<String, Value> overrides = new LinkedHashMap<>();
    int next = 0;
    while (next < arguments.size()) {
      String argument = arguments.get(next);
      String option = optionName(argument);
      int equals = argument.indexOf('=');
      if (equals >= 0) {
        addOverride(overrides, option, Optional.of(argument.substring(equals + 1)));
        next++;
      } else if (next + 1 < arguments.size() && !arguments.get(next + 1).startsWith("--")) {
        addOverride(overrides, option, Optional.of(arguments.get(next + 1)));
        next += 2;
      } else {
        addOverride(overrides, option, Optional.empty());
        next++;
      }
    }
    Map<String, Value> merged = new LinkedHashMap<>(values);
    merged.putAll(overrides);
    return new RawConfig(source, merged);
  }

  private static String optionName(String argument) {
    if (!argument.startsWith("--") || argument.length() == 2) {
      throw new ConfigException(
          "expected an option such as --learning_rate 1e-4 or --learning_rate=1e-4, got '%s'"
              .formatted(argument));
    }
    int equals = argument.indexOf('=');
    return (equals < 0 ? argument.substring(2) : argument.substring(2, equals)).replace('-', '_');
  }

  private static void addOverride(
      Map<String, Value> overrides, String option, Optional<String> text) {
    // A flag needs no value, and --no_FLAG switches one off, as in Hugging Face's scripts.
    boolean negated = text.isEmpty() && option.startsWith("no_") && !KeyNames.isOldSpelling(option);
    String key = negated ? option.substring(3) : option;
    String value = text.orElse(negated ? "false" : "true");
    add(overrides, new Value("--" + option, key, TextNode.valueOf(value), true));
  }

  private static void add(Map<String, Value> values, Value value) {
    String key = KeyNames.present(value.spelling());
    Value before = values.get(key);
    if (before != null && value.node().isNull()) {
      return;
    }
    values.put(key, value);
    if (before != null && !before.node().isNull() && !before.node().equals(value.node())) {
      throw new ConfigException(
          "%s contradicts %s: %s".formatted(value.place(), before.place(), before.spelling())
              + (before.spelling().equals(value.spelling())
                  ? " is given twice"
                  : " and " + value.spelling() + " are two spellings of one setting")
              + "; keep one of them");
    }
  }

  /** Spellings of keys that Hugging Face renamed. */
  static final class KeyNames {

    /** Spellings of other transformers releases, with the one that is used here. */
    private static final Map<String, String> RENAMED =
        Map.of(
            "evaluation_strategy", "eval_strategy",
            "per_gpu_train_batch_size", "per_device_train_batch_size",
            "per_gpu_eval_batch_size", "per_device_eval_batch_size",
            "no_cuda", "use_cpu",
            "dtype", "torch_dtype",
            "activation_checkpointing", "gradient_checkpointing",
            "activation_checkpointing_kwargs", "gradient_checkpointing_kwargs");

    private KeyNames() {}

    /** The present spelling of a key. */
    static String present(String key) {
      return RENAMED.getOrDefault(key, key);
    }

    /** Whether a key is an old spelling. */
    static boolean isOldSpelling(String key) {
      return RENAMED.containsKey(key);
    }
  }
}
