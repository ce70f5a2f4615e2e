/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.JsonRecords.DataRecord;
import io.github.llm2vec.trainer.data.LineReader;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.util.IOConsumer;

/** The records of several files, one after the other. */
final class RecordFiles {

  private static final int LINE_BITS = 40;

  private RecordFiles() {}

  /**
   * A record and where it stands.
   *
   * @param file its file
   * @param line its line or row there, from 1
   * @param place tells records apart, whatever file they are in; grows from record to record
   * @param values its fields; empty if they cannot be read
   * @param problem why they cannot be read
   */
  record Located(Path file, long line, long place, Optional<ObjectNode> values, String problem) {

    /** What is wrong with this record. */
    Finding finding(Finding.Kind kind, String message) {
      return new Finding(kind, file.toString(), line, message);
    }
  }

  static RecordStream<Located> open(List<Path> files, RecordFormats formats) {
    long[] opened = {0};
    return new RecordStream.Concatenated<>(
        files, file -> new Records(file, opened[0]++ << LINE_BITS, formats.open(file)));
  }

  /** Lines that are not blank and can be read; the others are reported. */
  static RecordStream<String> lines(LineReader lines, IOConsumer<DataFormatException> corrupt) {
    return new RecordStream.Skipping<>(lines, corrupt)
        .mapPresent(line -> Optional.of(line).filter(text -> !text.isBlank()));
  }

  private record Records(Path file, long firstPlace, RecordStream<DataRecord> records)
      implements RecordStream<Located> {
    @Override
    public Optional<Located> next() throws IOException {
      try {
        return records
            .next()
            .map(record -> located(record.line(), Optional.of(record.values()), ""));
      } catch (DataFormatException e) {
        return Optional.of(located(e.line(), Optional.empty(), e.problem()));
      }
    }

    private Located located(long line, Optional<ObjectNode> values, String problem) {
      return new Located(file, line, firstPlace | line, values, problem);
    }

    @Override
    public void close() throws IOException {
      records.close();
    }
  }

  /** Reads fields of JSON records leniently: numbers and booleans count as strings. */
  static final class RecordFields {

    private RecordFields() {}

    /** The value of a string, number or boolean; empty if it is missing, null, a list or object. */
    static Optional<String> scalar(ObjectNode record, String... names) {
      for (String name : names) {
        JsonNode value = record.get(name);
        if (value != null && value.isValueNode() && !value.isNull()) {
          return Optional.of(value.asText());
        }
      }
      return Optional.empty();
    }

    /** Whether a field holds a list or an object. */
    static boolean isNested(ObjectNode record, String name) {
      return record.has(name) && record.get(name).isContainerNode();
    }

    /** The id of a document or query: {@code _id}, or {@code id} as some exports have it. */
    static Optional<String> id(ObjectNode record) {
      return scalar(record, "_id", "id").filter(id -> !id.isEmpty());
    }
  }
}
