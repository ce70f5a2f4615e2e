/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.safetensors.SafetensorsHeader.StoredTensor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the JSON of a safetensors header token by token, so that a header of many megabytes needs
 * no tree of nodes. Checks each tensor by itself; how they lie to each other is checked by {@link
 * SafetensorsHeader}.
 */
final class HeaderParser {

  private static final int MAX_DIMENSIONS = 32;
  private static final String REMEDY = "Fetch the file again; it is damaged or not safetensors";

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path file;
  private final byte[] text;
  private final List<StoredTensor> tensors = new ArrayList<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  HeaderParser(Path file, byte[] text) {
    this.file = file;
    this.text = text;
  }

  /** What {@link #parse} found, in the order of the header. */
  List<StoredTensor> tensors() {
    return tensors;
  }

  /** The entries of {@code __metadata__}. */
  Map<String, String> metadata() {
    return Map.copyOf(metadata);
  }

  /** Reads the whole header; syntax errors and duplicate names come as Jackson's exceptions. */
  void parse() throws IOException {
    // A decoder of our own, since Jackson would guess UTF-16 from zero bytes and replace bad ones.
    try (Reader reader =
            new InputStreamReader(
                new ByteArrayInputStream(text), StandardCharsets.UTF_8.newDecoder());
        JsonParser parser = FACTORY.createParser(reader)) {
      expect(parser.nextToken() == JsonToken.START_OBJECT, "the header", "an object");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("__metadata__")) {
          parseMetadata(parser);
        } else {
          tensors.add(parseTensor(parser, name));
        }
      }
      expect(parser.nextToken() == null, "the header", "followed by spaces only");
    }
  }

  private void parseMetadata(JsonParser parser) throws IOException {
    expect(parser.currentToken() == JsonToken.START_OBJECT, "__metadata__", "an object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      expect(parser.nextToken() == JsonToken.VALUE_STRING, "__metadata__." + key, "a string");
      metadata.put(key, parser.getText());
    }
  }

  private StoredTensor parseTensor(JsonParser parser, String name) throws IOException {
    expect(parser.currentToken() == JsonToken.START_OBJECT, name, "an object");
    Optional<StoredType> type = Optional.empty();
    Optional<List<Long>> shape = Optional.empty();
    Optional<List<Long>> offsets = Optional.empty();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "dtype" -> type = Optional.of(parseType(parser, name));
        case "shape" -> shape = Optional.of(parseNumbers(parser, name + ".shape"));
        case "data_offsets" -> offsets = Optional.of(parseNumbers(parser, name + ".data_offsets"));
        default -> throw bad(name, "of dtype, shape and data_offsets only, but has '" + key + "'");
      }
    }
    expect(type.isPresent(), name, "given a dtype");
    expect(shape.isPresent(), name, "given a shape");
    expect(offsets.isPresent() && offsets.get().size() == 2, name, "given two data_offsets");
    return checked(
        new StoredTensor(
            name, type.get(), shape.get(), offsets.get().get(0), offsets.get().get(1)));
  }

  private StoredType parseType(JsonParser parser, String name) throws IOException {
    expect(parser.currentToken() == JsonToken.VALUE_STRING, name + ".dtype", "a string");
    String type = parser.getText();
    return StoredType.named(type)
        .orElseThrow(() -> bad(name, "of a known dtype, but has '" + shortened(type) + "'"));
  }

  private List<Long> parseNumbers(JsonParser parser, String what) throws IOException {
    expect(parser.currentToken() == JsonToken.START_ARRAY, what, "a list");
    List<Long> numbers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(
          parser.currentToken() == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && parser.getLongValue() >= 0,
          what,
          "a list of whole numbers from 0 to 2^63-1");
      expect(numbers.size() < MAX_DIMENSIONS, what, "at most " + MAX_DIMENSIONS + " numbers long");
      numbers.add(parser.getLongValue());
    }
    return numbers;
  }

  private StoredTensor checked(StoredTensor tensor) throws ModelFormatException {
    expect(tensor.begin() <= tensor.end(), tensor.name(), "stored from a begin up to an end");
    long bits = tensor.type().bits();
    try {
      for (long dimension : tensor.shape()) {
        bits = Math.multiplyExact(bits, dimension);
      }
    } catch (ArithmeticException e) {
      throw new ModelFormatException(
          file, "tensor '" + tensor.name() + "' has more elements than can be", REMEDY, e);
    }
    expect(
        bits % 8 == 0 && bits / 8 == tensor.end() - tensor.begin(),
        tensor.name(),
        "of %s bytes for dtype %s and shape %s, but has %s"
            .formatted(bits / 8, tensor.type(), tensor.shape(), tensor.end() - tensor.begin()));
    return tensor;
  }

  private void expect(boolean condition, String what, String expected) throws ModelFormatException {
    if (!condition) {
      throw bad(what, expected);
    }
  }

  private ModelFormatException bad(String what, String expected) {
    return new ModelFormatException(
        file, "in the header '" + shortened(what) + "' must be " + expected, REMEDY);
  }

  private static String shortened(String text) {
    return text.length() > 200 ? text.substring(0, 197) + "..." : text;
  }
}
