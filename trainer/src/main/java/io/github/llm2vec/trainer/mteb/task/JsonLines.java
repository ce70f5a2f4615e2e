/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** One JSON object per line, in {@code .jsonl} or {@code .jsonl.gz}. */
public final class JsonLines implements RecordFormat {

  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  @Override
  public boolean accepts(Path file) {
    return LineSource.plainName(file).endsWith(".jsonl");
  }

  @Override
  public Reader open(Path file) throws IOException {
    LineSource lines = LineSource.open(file);
    return new Reader() {
      @Override
      public Optional<DataRecord> next() throws IOException {
        return lines.next().map(JsonLines::parse);
      }

      @Override
      public void close() throws IOException {
        lines.close();
      }
    };
  }

  private static DataRecord parse(LineSource.Line line) {
    if (line.text().isEmpty()) {
      return new DataRecord.Malformed(line.number(), "not valid UTF-8");
    }
    try {
      JsonNode node = JSON.readValue(line.text().get());
      return node instanceof ObjectNode object
          ? new DataRecord.Fields(line.number(), object)
          : new DataRecord.Malformed(line.number(), "not a JSON object");
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : " at column " + e.getLocation().getColumnNr();
      return new DataRecord.Malformed(
          line.number(), "not valid JSON" + where + ": " + e.getOriginalMessage());
    }
  }
}
