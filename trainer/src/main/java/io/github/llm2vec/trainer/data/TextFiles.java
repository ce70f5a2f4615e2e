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
          new RecordStream.Skipping<>(new JsonTexts(file, JsonRecords.open(file)), corrupt);
      case "csv" -> csv(file, ',', corrupt);
      case "tsv" -> csv(file, '\t', corrupt);
      case "parquet" -> parquet(file, corrupt);
      default -> new RecordStream.Skipping<>(new PlainTexts(DataFile.lines(file), style), corrupt);
    };
  }

  private static RecordStream<String> csv(Path file, char delimiter, CorruptLines corrupt)
      throws IOException {
    CsvReader reader = new CsvReader(DataFile.lines(file), delimiter);
    try {
      List<String> header =
          reader.next().orElseThrow(() -> reader.problem("there is no line with column names"));
      int column = Math.max(0, header.indexOf("text"));
      return new RecordStream.Skipping<>(new CsvTexts(reader, header, column), corrupt);
    } catch (IOException e) {
      reader.close();
      throw e;
    }
  }

  private static RecordStream<String> parquet(Path file, CorruptLines corrupt) throws IOException {
    List<String> names = ParquetRows.columnNames(file);
    String column = names.contains("text") ? "text" : names.get(0);
    return new RecordStream.Skipping<>(
        new ParquetTexts(ParquetRows.open(file, List.of(column)), column), corrupt);
  }

  /** Lines of plain text. */
  private record PlainTexts(LineReader lines, TextStyle style) implements RecordStream<String> {

    @Override
    public Optional<String> next() throws IOException {
      return lines.next().map(style::understand);
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  /** A column of CSV. */
  private record CsvTexts(CsvReader reader, List<String> header, int column)
      implements RecordStream<String> {

    @Override
    public Optional<String> next() throws IOException {
      Optional<List<String>> fields = reader.next();
      if (fields.isPresent() && fields.get().size() != header.size()) {
        throw reader.problem("expected " + header.size() + " fields, found " + fields.get().size());
      }
      return fields.map(values -> values.get(column));
    }

    @Override
    public void close() throws IOException {
      reader.close();
    }
  }

  /** A column of Parquet. */
  private record ParquetTexts(ParquetRows rows, String column) implements RecordStream<String> {

    @Override
    public Optional<String> next() throws IOException {
      Optional<Map<String, Object>> row = rows.next();
      if (row.isEmpty()) {
        return Optional.empty();
      }
      if (row.get().get(column) instanceof String text) {
        return Optional.of(text);
      }
      throw rows.problem("expected a text in column \"" + column + "\", found " + row.get());
    }

    @Override
    public void close() throws IOException {
      rows.close();
    }
  }

  /** A key of JSON lines. */
  private static final class JsonTexts implements RecordStream<String> {

    private final Path file;
    private final RecordStream<DataRecord> records;
    private Optional<String> key = Optional.empty();

    JsonTexts(Path file, RecordStream<DataRecord> records) {
      this.file = file;
      this.records = records;
    }

    @Override
    public Optional<String> next() throws IOException {
      Optional<DataRecord> record = records.next();
      if (record.isEmpty()) {
        return Optional.empty();
      }
      ObjectNode object = record.get().values();
      String name = key.orElseGet(() -> textKey(object));
      key = Optional.of(name);
      JsonNode text = object.path(name);
      if (!text.isTextual()) {
        throw new DataFormatException(
            file.toString(),
            record.get().line(),
            "expected a text under \"" + name + "\", found " + text.getNodeType());
      }
      return Optional.of(text.textValue());
    }

    private static String textKey(ObjectNode object) {
      boolean known = object.has("text") || object.isEmpty();
      return known ? "text" : object.fieldNames().next();
    }

    @Override
    public void close() throws IOException {
      records.close();
    }
  }
}
