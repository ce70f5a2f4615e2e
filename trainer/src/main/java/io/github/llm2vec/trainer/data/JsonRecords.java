/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/** Reads JSON lines, each of which is an object. */
public final class JsonRecords {

  /**
   * A record with named fields: a line of JSON, or a row of Parquet.
   *
   * @param line its line or row in the file, from 1
   * @param values the fields
   */
  public record DataRecord(long line, ObjectNode values) {}

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(LineReader.MAX_LINE_BYTES)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .build();

  private JsonRecords() {}

  /**
   * Opens a file of JSON lines, gzipped or not. Blank lines are left out; a line that is no JSON
   * object is a {@link DataFormatException}, after which the next one can be read.
   */
  public static RecordStream<DataRecord> open(Path file) throws IOException {
    LineReader lines = DataFile.lines(file);
    return lines.mapPresent(
        line ->
            line.isBlank()
                ? Optional.empty()
                : Optional.of(
                    new DataRecord(lines.line(), parse(line, file.toString(), lines.line()))));
  }

  /**
   * Reads a line.
   *
   * @throws DataFormatException if it is not a JSON object
   */
  static ObjectNode parse(String json, String source, long line) throws IOException {
    JsonNode node;
    try {
      node = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      throw new DataFormatException(
          source, line, "broken JSON at column " + column + " (" + e.getOriginalMessage() + ")");
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new DataFormatException(
        source, line, "expected a JSON object on each line, found " + node.getNodeType());
  }

  /** A parser of the elements of an array, each of which {@link #element} reads. */
  static JsonParser parser(InputStream in) throws IOException {
    return JSON.createParser(in);
  }

  /** The value that begins at a parser's token. */
  static JsonNode element(JsonParser parser) throws IOException {
    return JSON.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).readTree(parser);
  }

  /** A line of JSON with its strings unbroken, for {@link #parse}. */
  static String write(JsonNode node) throws IOException {
    return JSON.writeValueAsString(node);
  }
}
