/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** The JSON lines {@code {"id":"1","embedding":[0.5,-1.25]}}, one per vector. */
final class VectorLines {

  // The fast writer gives the shortest decimal that reads back as the same float; the JDK's own
  // conversion does not before Java 19.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .build();

  private VectorLines() {}

  static void write(OutputStream target, List<String> ids, float[][] vectors) throws IOException {
    try (JsonGenerator json = FACTORY.createGenerator(target)) {
      json.setRootValueSeparator(null);
      for (int i = 0; i < vectors.length; i++) {
        json.writeStartObject();
        json.writeStringField("id", ids.get(i));
        json.writeArrayFieldStart("embedding");
        for (float value : vectors[i]) {
          json.writeNumber(value);
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeRaw('\n');
      }
    }
  }

  /** The id of a line that {@link #write} wrote. */
  static String id(String line) throws IOException {
    try (JsonParser json = FACTORY.createParser(line)) {
      if (json.nextToken() == JsonToken.START_OBJECT
          && "id".equals(json.nextFieldName())
          && json.nextToken() == JsonToken.VALUE_STRING) {
        return json.getText();
      }
    }
    throw new IOException(
        "not a line of vectors: " + line.substring(0, Math.min(60, line.length())));
  }
}
