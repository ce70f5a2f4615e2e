/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.data.DataFile;
import io.github.llm2vec.trainer.data.JsonRecords;
import io.github.llm2vec.trainer.data.JsonRecords.DataRecord;
import io.github.llm2vec.trainer.data.ParquetRows;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The formats that data files may have; the first that accepts a file reads it. */
public record RecordFormats(List<RecordFormat> formats) {

  /** A kind of file that holds records with named fields. */
  public interface RecordFormat {

    /** Whether this format reads a file, judged by its name. */
    boolean accepts(Path file);

    /**
     * Opens a file. A record that cannot be read is a {@link
     * io.github.llm2vec.trainer.data.DataFormatException}, after which the next one is read.
     *
     * @throws IOException if it cannot be opened
     */
    RecordStream<DataRecord> open(Path file) throws IOException;
  }

  /** JSON lines, the format of BEIR, and Parquet, that of the hub. */
  public static final RecordFormats DEFAULTS =
      new RecordFormats(List.of(new JsonLines(), new Parquet()));

  private static final Pattern NAME = Pattern.compile("(.+?)(-\\d{5}-of-\\d{5})?\\.[a-z0-9]+");

  /** Copies what it is given. */
  public RecordFormats {
    formats = List.copyOf(formats);
  }

  /** Whether one of the formats reads a file. */
  public boolean accept(Path file) {
    return formats.stream().anyMatch(format -> format.accepts(file));
  }

  /** Opens a file. */
  RecordStream<DataRecord> open(Path file) throws IOException {
    for (RecordFormat format : formats) {
      if (format.accepts(file)) {
        return format.open(file);
      }
    }
    throw new DatasetException(
        file + " has a name that no data format goes by; known are .jsonl, .jsonl.gz and .parquet");
  }

  /**
   * The files that hold a part of a collection: {@code corpus.jsonl}, or all readable files of a
   * folder {@code corpus}, in the order of their names.
   *
   * @return no files if there is neither
   */
  List<Path> files(Path folder, String part) throws IOException {
    Optional<Path> single =
        list(folder).stream()
            .filter(file -> DataFile.plainName(file).startsWith(part + "."))
            .filter(this::accept)
            .findFirst();
    if (single.isPresent()) {
      return List.of(single.get());
    }
    return list(folder.resolve(part)).stream().filter(this::accept).toList();
  }

  /** The split that a file of records is named after: {@code test-00000-of-00001.parquet}. */
  static String splitName(Path file) {
    Matcher matcher = NAME.matcher(DataFile.plainName(file));
    return matcher.matches() ? matcher.group(1) : DataFile.plainName(file);
  }

  /** The plain files of a folder by name; none if it does not exist. */
  static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** {@code .jsonl}, gzipped or not. */
  private static final class JsonLines implements RecordFormat {

    @Override
    public boolean accepts(Path file) {
      return DataFile.plainName(file).endsWith(".jsonl");
    }

    @Override
    public RecordStream<DataRecord> open(Path file) throws IOException {
      return JsonRecords.open(file);
    }
  }

  /** Parquet, as the hub has MTEB's datasets. Only columns that tasks have are read. */
  private static final class Parquet implements RecordFormat {

    private static final List<String> COLUMNS =
        List.of(
            "_id",
            "id",
            "title",
            "text",
            "query-id",
            "corpus-id",
            "score",
            "sentence1",
            "sentence2");

    @Override
    public boolean accepts(Path file) {
      return DataFile.plainName(file).endsWith(".parquet");
    }

    @Override
    public RecordStream<DataRecord> open(Path file) throws IOException {
      List<String> present = ParquetRows.columnNames(file);
      List<String> wanted = COLUMNS.stream().filter(present::contains).toList();
      if (wanted.isEmpty()) {
        throw new DatasetException(
            file + " has none of the columns of a task; its columns are " + present);
      }
      ParquetRows rows = ParquetRows.open(file, wanted);
      return rows.map(row -> new DataRecord(rows.row(), object(row)));
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
}
