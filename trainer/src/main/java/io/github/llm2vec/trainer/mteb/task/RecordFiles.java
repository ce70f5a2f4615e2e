/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.JsonRecords.DataRecord;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** The records of several files, one after the other. */
final class RecordFiles implements AutoCloseable {

  private static final int LINE_BITS = 40;

  private final RecordFormats formats;
  private final Iterator<Path> files;
  private Optional<RecordStream<DataRecord>> reader = Optional.empty();
  private Path file = Path.of("");
  private long fileNumber = -1;

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

  RecordFiles(List<Path> files, RecordFormats formats) {
    this.files = files.iterator();
    this.formats = formats;
  }

  Optional<Located> next() throws IOException {
    while (true) {
      if (reader.isPresent()) {
        Optional<Located> record = read(reader.get());
        if (record.isPresent()) {
          return record;
        }
        close();
      }
      if (!files.hasNext()) {
        return Optional.empty();
      }
      file = files.next();
      fileNumber++;
      reader = Optional.of(formats.open(file));
    }
  }

  private Optional<Located> read(RecordStream<DataRecord> records) throws IOException {
    try {
      return records.next().map(record -> located(record.line(), Optional.of(record.values()), ""));
    } catch (DataFormatException e) {
      return Optional.of(located(e.line(), Optional.empty(), e.problem()));
    }
  }

  private Located located(long line, Optional<ObjectNode> values, String problem) {
    return new Located(file, line, fileNumber << LINE_BITS | line, values, problem);
  }

  @Override
  public void close() throws IOException {
    if (reader.isPresent()) {
      RecordStream<DataRecord> open = reader.get();
      reader = Optional.empty();
      open.close();
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
