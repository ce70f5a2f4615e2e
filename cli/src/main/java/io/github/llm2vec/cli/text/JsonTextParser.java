/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.LineReader;
import java.io.IOException;

/**
 * Reads one JSON line as a text. Known keys are {@code id} or {@code _id} (string or number),
 * {@code title} and {@code text}; others are skipped, because collections carry data of their own.
 */
final class JsonTextParser {

  private static final String EXAMPLE = "a line must look like {\"id\":\"1\",\"text\":\"...\"}";

  private final JsonFactory factory =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(LineReader.MAX_LINE_BYTES).build())
          .build();
  private final String source;

  JsonTextParser(String source) {
    this.source = source;
  }

  TextRecord parse(String json, long line) throws IOException {
    try (JsonParser parser = factory.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new DataFormatException(source, line, "not a JSON object; " + EXAMPLE);
      }
      return readObject(parser, line);
    } catch (JsonProcessingException e) {
      int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      throw new DataFormatException(
          source,
          line,
          "broken JSON at column " + column + " (" + e.getOriginalMessage() + "); " + EXAMPLE);
    }
  }

  private TextRecord readObject(JsonParser parser, long line) throws IOException {
    String id = Long.toString(line);
    String title = "";
    String text = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (key) {
        case "id", "_id" -> id = scalar(parser, key, value, line);
        case "title" -> title = value == JsonToken.VALUE_NULL ? "" : string(parser, key, line);
        case "text" -> text = string(parser, key, line);
        default -> parser.skipChildren();
      }
    }
    if (parser.nextToken() != null) {
      throw new DataFormatException(source, line, "more than one JSON value; " + EXAMPLE);
    }
    if (text == null) {
      throw new DataFormatException(source, line, "no \"text\"; " + EXAMPLE);
    }
    return new TextRecord(id, title, text);
  }

  private String string(JsonParser parser, String key, long line) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw new DataFormatException(source, line, "\"" + key + "\" is not a string; " + EXAMPLE);
    }
    return parser.getText();
  }

  private String scalar(JsonParser parser, String key, JsonToken value, long line)
      throws IOException {
    if (value != JsonToken.VALUE_STRING && value != JsonToken.VALUE_NUMBER_INT) {
      throw new DataFormatException(
          source, line, "\"" + key + "\" is neither a string nor a whole number; " + EXAMPLE);
    }
    return parser.getText();
  }
}
