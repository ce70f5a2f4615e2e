/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The content of a {@code tokenizer.json}: its vocabulary, its added tokens, and the JSON for the
 * native library. The file is read as a stream, because a vocabulary with its merges as a tree
 * would take hundreds of megabytes.
 */
final class TokenizerJson {

  /** No published tokenizer comes near; a larger file is a mistake or an attack. */
  private static final long MAX_BYTES = 256L << 20;

  /** Parts of the file that are ours to do, or that we have no use for. */
  private static final List<String> NOT_PASSED_ON =
      List.of("truncation", "padding", "post_processor", "decoder");

  /** Parts of the file that may have been replaced. */
  private static final List<String> WRITTEN_ANEW =
      List.of("added_tokens", "normalizer", "pre_tokenizer");

  private static final int LAST_ASCII = 127;

  private static final String UNIGRAM = "Unigram";
  private static final List<String> MODELS = List.of("BPE", UNIGRAM, "WordPiece", "WordLevel");

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path file;
  private final byte[] bytes;
  private final Map<String, Integer> vocabulary = new HashMap<>();
  private final List<ObjectNode> addedTokens = new ArrayList<>();
  private int largestModelId = -1;
  private String modelType = "BPE";
  private JsonNode normalizer = NullNode.instance;
  private JsonNode preTokenizer = NullNode.instance;
  private boolean truncatesLeft;
  private SpecialTokenTemplate frame = new SpecialTokenTemplate(List.of(), List.of());

  private TokenizerJson(Path file, byte[] bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /**
   * Reads a file.
   *
   * @throws TokenizerFormatException if it is missing, too large or not the JSON of a tokenizer
   */
  static TokenizerJson read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new TokenizerFormatException(
          file,
          "there is no such file; a model folder needs Hugging Face's tokenizer.json"
              + " (a tokenizer.model alone is not enough: open the model once with Python's"
              + " AutoTokenizer and save_pretrained)");
    }
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new TokenizerFormatException(
          file, "the file has " + size + " bytes, a tokenizer.json has at most " + MAX_BYTES);
    }
    TokenizerJson json = new TokenizerJson(file, Files.readAllBytes(file));
    try (JsonParser parser = MAPPER.createParser(json.bytes)) {
      json.scan(parser);
    } catch (IOException e) {
      throw malformed(file, e);
    }
    return json;
  }

  /** The file it was read from. */
  Path file() {
    return file;
  }

  /** Content to id of the model's own vocabulary. */
  Map<String, Integer> vocabulary() {
    return vocabulary;
  }

  /** Largest id of the model's own vocabulary, -1 if that is empty. */
  int largestModelId() {
    return largestModelId;
  }

  /** What is done to a text before it is split; may be null. */
  JsonNode normalizer() {
    return normalizer;
  }

  /** What splits a text into the pieces that the model sees; may be null. */
  JsonNode preTokenizer() {
    return preTokenizer;
  }

  /** Whether a text that is too long loses its beginning. */
  boolean truncatesLeft() {
    return truncatesLeft;
  }

  /** Puts another normalizer in the place of the file's. */
  void setNormalizer(JsonNode value) {
    normalizer = value;
  }

  /** Puts another pre-tokenizer in the place of the file's. */
  void setPreTokenizer(JsonNode value) {
    preTokenizer = value;
  }

  /** Where texts may be cut, given all added tokens. */
  SafeSplitPoints cutPoints(Collection<String> added) {
    return modelType.equals("BPE")
        ? SafeSplitPoints.of(normalizer, preTokenizer, vocabulary.keySet(), added)
        : SafeSplitPoints.NOWHERE;
  }

  /** The special tokens that the file puts around a text. */
  SpecialTokenTemplate frame() {
    return frame;
  }

  /** The entries of {@code added_tokens}, in the order of the file. */
  List<ObjectNode> addedTokens() {
    return addedTokens;
  }

  /**
   * Gives each added token the id that the native library gives it on loading: that of the model's
   * vocabulary if it is there, else the next free one; the {@code id} written beside it has no say.
   */
  static Map<String, Integer> assignIds(List<ObjectNode> added, Map<String, Integer> vocabulary) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    int size = vocabulary.size();
    int next = size;
    for (ObjectNode token : added) {
      String content = token.path("content").asText();
      if (content.isEmpty() || ids.containsKey(content)) {
        continue;
      }
      int id = vocabulary.getOrDefault(content, next);
      ids.put(content, id);
      next = Math.max(next, Math.max(size, id + 1));
    }
    return ids;
  }

  /**
   * The JSON for the native library: other added tokens, and none of what we do ourselves. It is
   * pure ASCII, so that nothing is lost on the way through JNI's own text encoding.
   */
  String withAddedTokens(List<ObjectNode> added) throws IOException {
    StringWriter text = new StringWriter(bytes.length + 1024);
    try (JsonParser parser = MAPPER.createParser(bytes);
        JsonGenerator generator = MAPPER.createGenerator(text)) {
      generator.setHighestNonEscapedChar(LAST_ASCII);
      parser.nextToken();
      generator.writeStartObject();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        if (WRITTEN_ANEW.contains(field) || NOT_PASSED_ON.contains(field)) {
          parser.skipChildren();
        } else {
          generator.writeFieldName(field);
          copyValue(parser, generator);
        }
      }
      for (String field : NOT_PASSED_ON) {
        generator.writeNullField(field);
      }
      generator.writeFieldName("normalizer");
      MAPPER.writeTree(generator, normalizer);
      generator.writeFieldName("pre_tokenizer");
      MAPPER.writeTree(generator, preTokenizer);
      generator.writeFieldName("added_tokens");
      generator.writeStartArray();
      for (ObjectNode token : added) {
        MAPPER.writeTree(generator, token);
      }
      generator.writeEndArray();
      generator.writeEndObject();
    } catch (IOException e) {
      throw malformed(file, e);
    }
    return text.toString();
  }

  /**
   * The JSON of a tokenizer that gives one token to every text of which the normalizer leaves any.
   */
  String normalizerAlone() throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", "1.0");
    for (String field : NOT_PASSED_ON) {
      root.putNull(field);
    }
    root.putNull("pre_tokenizer").set("normalizer", normalizer);
    root.putArray("added_tokens");
    ObjectNode model = root.putObject("model").put("type", "WordLevel").put("unk_token", "?");
    model.putObject("vocab").put("?", 0);
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = MAPPER.createGenerator(text)) {
      generator.setHighestNonEscapedChar(LAST_ASCII);
      MAPPER.writeTree(generator, root);
    }
    return text.toString();
  }

  /** Copies with numbers as they are written, which Jackson's own method would round. */
  private static void copyValue(JsonParser parser, JsonGenerator generator) throws IOException {
    int depth = 0;
    do {
      JsonToken token = parser.currentToken();
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      generator.copyCurrentEventExact(parser);
    } while (depth > 0 && parser.nextToken() != null);
  }

  private void scan(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new TokenizerFormatException(file, "expected a JSON object");
    }
    boolean hasModel = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (field.equals("added_tokens") && value == JsonToken.START_ARRAY) {
        scanAddedTokens(parser);
      } else if (field.equals("model") && value == JsonToken.START_OBJECT) {
        hasModel = true;
        scanModel(parser);
      } else if (field.equals("normalizer")) {
        normalizer = TokenizerComponents.requireNormalizer(MAPPER.readTree(parser), file);
      } else if (field.equals("pre_tokenizer")) {
        preTokenizer = TokenizerComponents.requirePreTokenizer(MAPPER.readTree(parser), file);
      } else if (field.equals("truncation")) {
        JsonNode truncation = MAPPER.readTree(parser);
        truncatesLeft = truncation.path("direction").asText().equals("Left");
      } else if (field.equals("post_processor")) {
        frame = SpecialTokenTemplate.ofPostProcessor(MAPPER.readTree(parser), file);
      } else {
        parser.skipChildren();
      }
    }
    if (!hasModel) {
      throw new TokenizerFormatException(file, "there is no 'model' in it");
    }
    if (parser.nextToken() != null) {
      throw new TokenizerFormatException(file, "there is something after the JSON object");
    }
  }

  private void scanAddedTokens(JsonParser parser) throws IOException {
    JsonNode array = MAPPER.readTree(parser);
    for (JsonNode token : array) {
      if (token instanceof ObjectNode object && object.path("content").isTextual()) {
        addedTokens.add(object);
      } else {
        throw new TokenizerFormatException(
            file, "an entry of 'added_tokens' must be an object with a 'content', got " + token);
      }
    }
  }

  private void scanModel(JsonParser parser) throws IOException {
    String type = "";
    String prefix = "";
    boolean hasMerges = false;
    double dropout = 0;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (field) {
        case "type" -> type = parser.getValueAsString("");
        case "continuing_subword_prefix" -> prefix = parser.getValueAsString("");
        case "dropout" -> dropout = parser.getValueAsDouble();
        // Old files have no type; what stands in the model tells.
        case "merges" -> hasMerges = true;
        case "max_input_chars_per_word" -> modelType = "WordPiece";
        case "vocab" -> {
          if (value == JsonToken.START_OBJECT) {
            scanVocabulary(parser);
          } else if (value == JsonToken.START_ARRAY) {
            modelType = UNIGRAM;
            scanPieces(parser);
          }
        }
        default -> {}
      }
      parser.skipChildren();
    }
    modelType = type.isEmpty() ? modelType : type;
    if (!MODELS.contains(modelType)) {
      throw new TokenizerFormatException(
          file, "the model must be of one of the types " + MODELS + ", got '" + type + "'");
    }
    if (modelType.equals("BPE") && !hasMerges) {
      throw new TokenizerFormatException(file, "a model of type BPE must have merges");
    }
    if (dropout != 0) {
      throw new TokenizerFormatException(
          file, "dropout must be null, else every call gives other ids, got " + dropout);
    }
    if (!prefix.isEmpty() && modelType.equals("BPE")) {
      // A merge that does not carry the prefix makes the native library abort the process.
      throw new TokenizerFormatException(
          file, "a continuing_subword_prefix is not supported, got '" + prefix + "'");
    }
  }

  /** The vocabulary of a Unigram model: pairs of a piece and its log-probability. */
  private void scanPieces(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.START_ARRAY) {
      boolean text = parser.nextToken() == JsonToken.VALUE_STRING;
      String piece = parser.getText();
      boolean number = parser.nextToken() != null && parser.currentToken().isNumeric();
      boolean finite = number && Double.isFinite(parser.getDoubleValue());
      if (!text || !finite || parser.nextToken() != JsonToken.END_ARRAY) {
        throw new TokenizerFormatException(
            file,
            "piece " + (largestModelId + 1) + " of the vocabulary must be a text and a number");
      }
      largestModelId++;
      vocabulary.put(piece, largestModelId);
    }
  }

  private void scanVocabulary(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String content = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT || parser.getLongValue() < 0) {
        throw new TokenizerFormatException(
            file, "the id of vocabulary entry '" + content + "' must be a whole number >= 0");
      }
      int id = parser.getIntValue();
      vocabulary.put(content, id);
      largestModelId = Math.max(largestModelId, id);
    }
  }

  private static TokenizerFormatException malformed(Path file, IOException cause) {
    if (cause instanceof TokenizerFormatException known) {
      return known;
    }
    return new TokenizerFormatException(file, "not readable as JSON: " + cause.getMessage(), cause);
  }
}
