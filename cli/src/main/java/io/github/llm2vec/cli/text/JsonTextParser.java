/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.LineReader;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * Reads one JSON line as a text. Known keys are {@code id} or {@code _id} (string or number),
 * {@code title} and {@code text}; others are skipped, because collections carry data of their own.
 *
 * @param source name of the input, for messages
 * @param line number of the line, which is the id of a text that has none
 */
record JsonTextParser(String source, long line) {

  private static final String EXAMPLE = "; a line must look like {\"id\":\"1\",\"text\":\"...\"}";
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxStringLength(LineReader.MAX_LINE_BYTES)
                      .build())
              .build());

  TextRecord parse(String json) throws IOException {
    try (JsonParser parser = JSON.createParser(json)) {
      JsonNode record = parser.readValueAsTree();
      if (record == null || !record.isObject()) {
        throw problem("not a JSON object");
      }
      if (parser.nextToken() != null) {
        throw problem("more than one JSON value");
      }
      return text(record);
    } catch (JsonProcessingException e) {
      int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      throw problem("broken JSON at column " + column + " (" + e.getOriginalMessage() + ")");
    }
  }

  private TextRecord text(JsonNode record) throws DataFormatException {
    String id = Long.toString(line);
    String title = "";
    Optional<String> text = Optional.empty();
    for (Map.Entry<String, JsonNode> entry : record.properties()) {
      String key = entry.getKey();
      JsonNode value = entry.getValue();
      switch (key) {
        case "id", "_id" -> {
          boolean whole = value.isTextual() || value.isIntegralNumber();
          id = known(value, whole, key, "neither a string nor a whole number");
        }
        case "title" ->
            title = value.isNull() ? "" : known(value, value.isTextual(), key, "not a string");
        case "text" -> text = Optional.of(known(value, value.isTextual(), key, "not a string"));
        default -> {}
      }
    }
    return new TextRecord(id, title, text.orElseThrow(() -> problem("no \"text\"")));
  }

  private String known(JsonNode value, boolean known, String key, String otherwise)
      throws DataFormatException {
    if (!known) {
      throw problem("\"" + key + "\" is " + otherwise);
    }
    return value.asText();
  }

  private DataFormatException problem(String problem) {
    return new DataFormatException(source, line, problem + EXAMPLE);
  }
}
