/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.data.JsonRecords.DataRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the texts of files as Hugging Face's {@code datasets} reads them: lines of plain text, or
 * the column {@code text} (else the first one) of JSON lines, CSV, TSV and Parquet. All but Parquet
 * may be gzipped. Formats are told by the names' endings; what has none of the known ones is plain
 * text.
 */
public final class TextFiles {

  private TextFiles() {}

  /**
   * Opens files as one stream, in their order.
   *
   * @param files the files
   * @param style how lines of plain text are understood
   * @param corrupt what becomes of lines that cannot be understood
   */
  public static RecordStream<String> open(List<Path> files, TextStyle style, CorruptLines corrupt)
      throws IOException {
    for (Path file : files) {
      DataFile.requireFile(file);
    }
    return new RecordStream.Concatenated<>(files, file -> open(file, style, corrupt));
  }

  private static RecordStream<String> open(Path file, TextStyle style, CorruptLines corrupt)
      throws IOException {
    return switch (DataFile.extension(file)) {
      case "json", "jsonl", "ndjson" ->
          new RecordStream.Skipping<>(JsonRecords.open(file).map(new TextKey(file)::text), corrupt);
      case "csv" -> csv(file, ',', corrupt);
      case "tsv" -> csv(file, '\t', corrupt);
      case "parquet" -> parquet(file, corrupt);
      default -> new RecordStream.Skipping<>(DataFile.lines(file).map(style::understand), corrupt);
    };
  }

  private static RecordStream<String> csv(Path file, char delimiter, CorruptLines corrupt)
      throws IOException {
    CsvReader reader = new CsvReader(DataFile.lines(file), delimiter);
    try {
      List<String> header =
          reader.next().orElseThrow(() -> reader.problem("there is no line with column names"));
      int column = Math.max(0, header.indexOf("text"));
      return new RecordStream.Skipping<>(
          reader.map(fields -> field(reader, fields, header, column)), corrupt);
    } catch (IOException e) {
      reader.close();
      throw e;
    }
  }

  private static RecordStream<String> parquet(Path file, CorruptLines corrupt) throws IOException {
    List<String> names = ParquetRows.columnNames(file);
    String column = names.contains("text") ? "text" : names.get(0);
    ParquetRows rows = ParquetRows.open(file, List.of(column));
    return new RecordStream.Skipping<>(rows.map(row -> cell(rows, row, column)), corrupt);
  }

  private static String field(
      CsvReader reader, List<String> fields, List<String> header, int column)
      throws DataFormatException {
    if (fields.size() != header.size()) {
      throw reader.problem("expected " + header.size() + " fields, found " + fields.size());
    }
    return fields.get(column);
  }

  private static String cell(ParquetRows rows, Map<String, Object> row, String column)
      throws DataFormatException {
    if (row.get(column) instanceof String text) {
      return text;
    }
    throw rows.problem("expected a text in column \"" + column + "\", found " + row);
  }

  /** The key of JSON lines that has the text: "text", or else the first of the first line. */
  static final class TextKey {

    private final Path file;
    private Optional<String> key = Optional.empty();

    TextKey(Path file) {
      this.file = file;
    }

    String text(DataRecord record) throws DataFormatException {
      ObjectNode object = record.values();
      String name = key.orElseGet(() -> textKey(object));
      key = Optional.of(name);
      JsonNode text = object.path(name);
      if (!text.isTextual()) {
        throw new DataFormatException(
            file.toString(),
            record.line(),
            "expected a text under \"" + name + "\", found " + text.getNodeType());
      }
      return text.textValue();
    }

    private static String textKey(ObjectNode object) {
      boolean known = object.has("text") || object.isEmpty();
      return known ? "text" : object.fieldNames().next();
    }
  }
}
