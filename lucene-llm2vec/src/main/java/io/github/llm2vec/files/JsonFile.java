/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Reads JSON files of bounded size and reports what is wrong with them. */
public final class JsonFile {

  /** Largest JSON file that is read; real ones stay under 10 MB. */
  public static final int MAX_BYTES = 64 << 20;

  // Python's json module writes and reads NaN and Infinity.
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonFile() {}

  /** The bytes of a file of bounded size. */
  static byte[] bytes(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    }
    if (bytes.length > MAX_BYTES) {
      throw new ModelFormatException(
          file, "is larger than " + MAX_BYTES + " bytes", "Check that this is the right file");
    }
    return bytes;
  }

  /** Parses strict JSON, except that it may hold NaN and Infinity. */
  static JsonNode tree(Path file, byte[] bytes) throws ModelFormatException {
    try {
      return MAPPER.readTree(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, "is not valid UTF-8", "Fetch the file again", e);
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(
          file, "is not valid JSON (" + e.getOriginalMessage() + ")", "Fetch the file again", e);
    }
  }

  /** The node, if it is an object. */
  static JsonNode requireObject(Path file, JsonNode node) throws ModelFormatException {
    if (!node.isObject()) {
      throw new ModelFormatException(
          file, "must hold a JSON object, found " + kind(node), "Fetch the file again");
    }
    return node;
  }

  /** What a node is, for messages. */
  static String kind(JsonNode node) {
    return node.isMissingNode() ? "nothing" : node.getNodeType().name().toLowerCase(Locale.ROOT);
  }
}
