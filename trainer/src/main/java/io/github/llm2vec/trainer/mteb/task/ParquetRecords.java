/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.data.ParquetRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Rows of Parquet files, as the hub has MTEB's data sets. Only columns that tasks have are read.
 */
public final class ParquetRecords implements RecordFormat {

  private static final List<String> COLUMNS =
      List.of(
          "_id", "id", "title", "text", "query-id", "corpus-id", "score", "sentence1", "sentence2");

  @Override
  public boolean accepts(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".parquet");
  }

  @Override
  public Reader open(Path file) throws IOException {
    List<String> present = ParquetRows.columnNames(file);
    List<String> wanted = COLUMNS.stream().filter(present::contains).toList();
    if (wanted.isEmpty()) {
      throw new DatasetException(
          file + " has none of the columns of a task; its columns are " + present);
    }
    ParquetRows rows = ParquetRows.open(file, wanted);
    return new Reader() {
      @Override
      public Optional<DataRecord> next() throws IOException {
        return rows.next().map(row -> new DataRecord.Fields(rows.row(), object(row)));
      }

      @Override
      public void close() throws IOException {
        rows.close();
      }
    };
  }

  private static ObjectNode object(Map<String, Object> row) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    row.forEach(
        (name, value) -> {
          if (value instanceof String text) {
            object.put(name, text);
          } else if (value instanceof Long number) {
            object.put(name, number);
          } else if (value instanceof Double number) {
            object.put(name, number);
          } else {
            // A list; whoever needs a plain value reports it.
            object.putArray(name);
          }
        });
    return object;
  }
}
