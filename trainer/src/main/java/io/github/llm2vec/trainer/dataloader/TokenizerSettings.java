/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.data.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The settings of a tokenizer's files that only training reads: longest sequence, padding side and
 * mask token.
 *
 * @param modelMaxLength {@code model_max_length}, if it says anything
 * @param padLeft whether rows are padded on the left: {@code padding_side}, else as the tokenizer's
 *     class does
 * @param maskToken {@code mask_token}
 */
public record TokenizerSettings(
    OptionalInt modelMaxLength, boolean padLeft, Optional<String> maskToken) {

  /** Most tokens of a sequence where nothing is configured. */
  private static final int DEFAULT_LENGTH = 1024;

  /** Classes of transformers that pad on the left unless told otherwise. */
  private static final Set<String> LEFT =
      Set.of("LlamaTokenizer", "LlamaTokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast");

  private static final Set<String> LEFT_MODELS =
      Set.of("llama", "mistral", "mixtral", "gemma", "gemma2", "gemma3", "gemma3_text");

  private static final List<String> FINGERPRINTED =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json");

  /** Reads tokenizer_config.json, special_tokens_map.json and config.json, where they are. */
  public static TokenizerSettings read(Path folder) throws IOException {
    JsonNode config = json(folder.resolve("tokenizer_config.json"));
    JsonNode special = json(folder.resolve("special_tokens_map.json"));
    double length = config.path("model_max_length").asDouble(Double.MAX_VALUE);
    Optional<String> mask = token(config.path("mask_token"));
    return new TokenizerSettings(
        length < Integer.MAX_VALUE ? OptionalInt.of((int) length) : OptionalInt.empty(),
        padLeft(config, json(folder.resolve("config.json"))),
        mask.isPresent() ? mask : token(special.path("mask_token")));
  }

  /** A digest of a tokenizer's files, by which tokenized texts are told apart. */
  static String fingerprint(Path folder) throws IOException {
    Sha256 sha256 = new Sha256();
    for (String name : FINGERPRINTED) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        sha256.add(new byte[] {1}).add(Files.readAllBytes(file));
      }
      sha256.add(new byte[] {0});
    }
    return sha256.hex();
  }

  private static boolean padLeft(JsonNode config, JsonNode model) {
    if (config.has("padding_side")) {
      return config.get("padding_side").asText().equals("left");
    }
    String name = config.path("tokenizer_class").asText(model.path("tokenizer_class").asText(""));
    return name.isEmpty()
        ? LEFT_MODELS.contains(model.path("model_type").asText(""))
        : LEFT.contains(name);
  }

  private static JsonNode json(Path file) throws IOException {
    ObjectMapper json = new ObjectMapper();
    return Files.exists(file) ? json.readTree(file.toFile()) : json.createObjectNode();
  }

  /** A token is written as a text, or as an object with its content. */
  private static Optional<String> token(JsonNode node) {
    JsonNode content = node.isObject() ? node.path("content") : node;
    return content.isTextual() ? Optional.of(content.textValue()) : Optional.empty();
  }

  /**
   * Most tokens of a sequence.
   *
   * @param configured {@code max_seq_length}
   */
  public int sequenceLength(OptionalInt configured) {
    int allowed = modelMaxLength.orElse(Integer.MAX_VALUE);
    return Math.min(configured.orElse(DEFAULT_LENGTH), allowed);
  }
}
