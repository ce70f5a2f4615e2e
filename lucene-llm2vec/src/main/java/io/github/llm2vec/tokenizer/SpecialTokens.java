/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The special tokens that the files beside a {@code tokenizer.json} define, resolved as
 * transformers does: {@code tokenizer_config.json}, {@code special_tokens_map.json} and {@code
 * added_tokens.json}. Tokens beside those of the fixed roles are listed under {@code
 * additional_special_tokens} or, since transformers 5, {@code extra_special_tokens}, or have a key
 * of their own that ends in {@code _token}.
 */
final class SpecialTokens {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> ADDITIONAL =
      List.of("additional_special_tokens", "extra_special_tokens");
  private static final List<String> ROLES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private final JsonNode config;
  private final String modelType;
  private final TokenizerClass tokenizerClass;
  private final Map<String, ObjectNode> byRole = new LinkedHashMap<>();
  private final List<ObjectNode> additional = new ArrayList<>();
  private final List<ObjectNode> decoder = new ArrayList<>();

  private SpecialTokens(JsonNode config, JsonNode model) {
    this.config = config;
    this.modelType = model.path("model_type").asText("");
    this.tokenizerClass = TokenizerClass.of(config, model);
  }

  /**
   * Reads a model folder; every file may be missing.
   *
   * @throws TokenizerFormatException if a file is there but malformed
   */
  static SpecialTokens read(Path folder) throws IOException {
    JsonNode config = readObject(folder.resolve("tokenizer_config.json"));
    JsonNode model = readObject(folder.resolve("config.json"));
    SpecialTokens tokens = new SpecialTokens(config, model);
    tokens.tokenizerClass.defaults().forEach((role, text) -> tokens.byRole.put(role, plain(text)));
    tokens.apply(config);
    if (config.path("added_tokens_decoder").isObject()) {
      tokens.readDecoder(folder.resolve("tokenizer_config.json"));
    } else {
      tokens.apply(readObject(folder.resolve("special_tokens_map.json")));
      tokens.readAddedTokens(readObject(folder.resolve("added_tokens.json")));
    }
    return tokens;
  }

  /** The kind of tokenizer, which decides about the special tokens around a text. */
  TokenizerClass tokenizerClass() {
    return tokenizerClass;
  }

  /** A switch of tokenizer_config.json, or the default where it is not written there. */
  boolean flag(String name, boolean defaultValue) {
    return config.has(name) ? config.path(name).asBoolean() : defaultValue;
  }

  /** A word of tokenizer_config.json, if it is written there. */
  Optional<String> text(String name) {
    return Optional.of(config.path(name)).filter(JsonNode::isTextual).map(JsonNode::asText);
  }

  /** Whether a switch of tokenizer_config.json is written there and not null. */
  boolean says(String name) {
    return config.hasNonNull(name);
  }

  /** Whether a key is written in tokenizer_config.json, be it with null. */
  boolean mentions(String name) {
    return config.has(name);
  }

  /** Contents of all special tokens, those of roles and the additional ones. */
  List<String> contents() {
    List<String> contents = new ArrayList<>();
    byRole.values().forEach(token -> contents.add(token.path("content").asText()));
    additional.forEach(token -> contents.add(token.path("content").asText()));
    return contents;
  }

  /** Whether one of the flags for BOS and EOS is written, be it with null. */
  boolean mentionsFrame() {
    return mentions("add_bos_token") || mentions("add_eos_token");
  }

  /**
   * Whether transformers 5 builds the tokenizer from its vocabulary and merges alone, with the
   * normalizer and the pre-tokenizer of the class: Llama's, except around a Mistral.
   */
  boolean isBuiltByClass() {
    return tokenizerClass == TokenizerClass.LLAMA
        && config.path("tokenizer_class").isTextual()
        && !modelType.contains("stral");
  }

  /** Whether the model brings Python code for its tokenizer, which may heed further switches. */
  boolean hasOwnCode() {
    JsonNode map = config.path("auto_map");
    return map.isArray() || map.has("AutoTokenizer");
  }

  /** Content of the token in a role such as {@code bos_token}. */
  Optional<String> content(String role) {
    return Optional.ofNullable(byRole.get(role)).map(token -> token.path("content").asText());
  }

  /** Forgets the token of a role. */
  void remove(String role) {
    content(role).ifPresent(text -> decoder.removeIf(token -> hasContent(token, text)));
    byRole.remove(role);
  }

  /**
   * Forgets class defaults that the vocabulary does not have: their ids would have no embedding.
   */
  void dropDefaultsMissingFrom(Map<String, Integer> ids) {
    tokenizerClass
        .defaults()
        .forEach(
            (role, text) -> {
              if (!config.has(role) && !ids.containsKey(text)) {
                byRole.remove(role, plain(text));
              }
            });
  }

  /**
   * The tokens that transformers registers on top of those of tokenizer.json, in its order.
   *
   * @param present the entries of tokenizer.json's {@code added_tokens}
   */
  List<ObjectNode> toAdd(List<ObjectNode> present) {
    List<ObjectNode> special = new ArrayList<>(byRole.values());
    special.addAll(additional);
    List<ObjectNode> result = new ArrayList<>();
    for (ObjectNode token : decoder) {
      if (present.stream().noneMatch(other -> sameToken(token, other))) {
        ObjectNode copy = token.deepCopy();
        copy.put("special", isSpecial(token) || contains(special, token));
        result.add(copy);
      }
    }
    for (ObjectNode token : special) {
      if (!contains(present, token) && !contains(result, token)) {
        result.add(token.deepCopy().put("special", true));
      }
    }
    return result;
  }

  static boolean hasContent(JsonNode token, String content) {
    return token.path("content").asText().equals(content);
  }

  private static boolean contains(List<ObjectNode> tokens, JsonNode token) {
    String content = token.path("content").asText();
    return tokens.stream().anyMatch(other -> hasContent(other, content));
  }

  private static boolean sameToken(JsonNode a, JsonNode b) {
    boolean same = a.path("content").equals(b.path("content")) && isSpecial(a) == isSpecial(b);
    for (String flag : List.of("single_word", "lstrip", "rstrip")) {
      same &= a.path(flag).asBoolean() == b.path(flag).asBoolean();
    }
    return same
        && a.path("normalized").asBoolean(!isSpecial(a))
            == b.path("normalized").asBoolean(!isSpecial(b));
  }

  private static boolean isSpecial(JsonNode token) {
    return token.path("special").asBoolean();
  }

  private void apply(JsonNode source) {
    for (String role : ROLES) {
      if (source.has(role)) {
        Optional<ObjectNode> token = token(source.path(role));
        token.ifPresentOrElse(value -> byRole.put(role, value), () -> byRole.remove(role));
      }
    }
    for (String key : ADDITIONAL) {
      // A list, or an object from names to tokens.
      source.path(key).forEach(this::addAdditional);
    }
    for (Map.Entry<String, JsonNode> entry : source.properties()) {
      if (entry.getKey().endsWith("_token") && !ROLES.contains(entry.getKey())) {
        addAdditional(entry.getValue());
      }
    }
  }

  private void addAdditional(JsonNode value) {
    token(value).filter(token -> !contains(additional, token)).ifPresent(additional::add);
  }

  private void readDecoder(Path file) throws TokenizerFormatException {
    Map<Integer, ObjectNode> byId = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      try {
        byId.put(
            Integer.parseInt(entry.getKey()),
            token(entry.getValue())
                .orElseThrow(() -> new NumberFormatException("no 'content' in its value")));
      } catch (NumberFormatException e) {
        throw new TokenizerFormatException(
            file, "added_tokens_decoder has a bad entry '" + entry.getKey() + "'", e);
      }
    }
    decoder.addAll(byId.values());
  }

  private void readAddedTokens(JsonNode ids) {
    Map<Integer, ObjectNode> byId = new TreeMap<>();
    List<ObjectNode> special = new ArrayList<>(byRole.values());
    special.addAll(additional);
    for (Map.Entry<String, JsonNode> entry : ids.properties()) {
      ObjectNode token = plain(entry.getKey());
      boolean isSpecial = contains(special, token);
      token.put("special", isSpecial).put("normalized", !isSpecial);
      byId.put(entry.getValue().asInt(), token);
    }
    decoder.addAll(byId.values());
  }

  /** A token written as a string or as an object with flags; nothing if it is null or empty. */
  private static Optional<ObjectNode> token(JsonNode value) {
    if (value.isTextual()) {
      return Optional.of(plain(value.asText()));
    }
    if (!value.path("content").isTextual()) {
      return Optional.empty();
    }
    ObjectNode token = plain(value.path("content").asText());
    boolean special = value.path("special").asBoolean();
    token.put("special", special);
    token.put("normalized", value.path("normalized").asBoolean(false));
    for (String flag : List.of("single_word", "lstrip", "rstrip")) {
      token.put(flag, value.path(flag).asBoolean());
    }
    return Optional.of(token);
  }

  private static ObjectNode plain(String content) {
    ObjectNode token = JsonNodeFactory.instance.objectNode();
    token.put("id", 0).put("content", content).put("single_word", false).put("lstrip", false);
    return token.put("rstrip", false).put("normalized", false).put("special", true);
  }

  private static JsonNode readObject(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return JsonNodeFactory.instance.objectNode();
    }
    JsonNode node;
    try {
      node = MAPPER.readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new TokenizerFormatException(file, "not readable as JSON: " + e.getMessage(), e);
    }
    if (!node.isObject()) {
      throw new TokenizerFormatException(file, "expected a JSON object");
    }
    return node;
  }
}
