/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file of contrastive training examples with random access. Opening it reads all of it once,
 * checks every line and remembers on disk where each begins; lines of packed files and rows of
 * Parquet are unpacked onto disk. Thread-safe.
 *
 * @param file the file itself
 */
public record ExampleFile(Path file, DiskRows rows, Optional<Boolean> negatives)
    implements Closeable {

  private static final List<String> PARQUET_COLUMNS =
      List.of("query", "anchor", "positive", "pos", "negative", "neg", "prompt", "instruction");

  /**
   * Opens a file of JSON lines or one JSON array (gzipped or not), or Parquet.
   *
   * @param file the file
   * @param cache the folder for what is remembered
   * @param corrupt what becomes of lines that cannot be understood
   * @throws DataFormatException if a line is not understood, or only some have negatives
   */
  public static ExampleFile open(Path file, Path cache, CorruptLines corrupt) throws IOException {
    DataFile.requireFile(file);
    boolean parquet = DataFile.extension(file).equals("parquet");
    boolean inPlace = !parquet && DataFile.hasPlaces(file);
    String name = DataFile.cacheName(file);
    Check check = new Check(file);
    try (DiskRowsWriter writer =
        inPlace ? DiskRowsWriter.ofIndex(cache, name) : DiskRowsWriter.ofRows(cache, name)) {
      if (parquet) {
        copyParquet(file, writer, check, corrupt);
      } else {
        indexLines(file, writer, inPlace, check, corrupt);
      }
    }
    Path lines = inPlace ? file : DiskRowsWriter.rowsFile(cache, name);
    DiskRows rows = DiskRows.open(lines, DiskRowsWriter.indexFile(cache, name));
    return new ExampleFile(file, rows, check.negatives);
  }

  /**
   * The files of plain data: the file itself, or those of a folder, each of which is a dataset of
   * its own.
   *
   * @throws NoSuchFileException if there is none
   */
  public static List<Path> find(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> found = Files.list(path)) {
      List<Path> files =
          found
              .filter(f -> List.of("jsonl", "json", "parquet").contains(DataFile.extension(f)))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new NoSuchFileException(
            path.toString(), null, "there are no .jsonl or .parquet files in this folder");
      }
      return files;
    }
  }

  private static void indexLines(
      Path file, DiskRowsWriter writer, boolean inPlace, Check check, CorruptLines corrupt)
      throws IOException {
    try (LineReader lines = DataFile.lines(file)) {
      while (true) {
        try {
          Optional<String> line = lines.next();
          if (line.isEmpty()) {
            return;
          }
          if (line.get().isBlank()) {
            continue;
          }
          check.add(line.get(), lines.line());
          if (inPlace) {
            writer.appendPlace(lines.start(), lines.length());
          } else {
            writer.append(line.get().getBytes(StandardCharsets.UTF_8));
          }
        } catch (DataFormatException e) {
          corrupt.report(e);
        }
      }
    }
  }

  private static void copyParquet(
      Path file, DiskRowsWriter writer, Check check, CorruptLines corrupt) throws IOException {
    List<String> columns =
        ParquetRows.columnNames(file).stream().filter(PARQUET_COLUMNS::contains).toList();
    try (ParquetRows reader = ParquetRows.open(file, columns)) {
      reader.forEach(
          row -> {
            String json = JsonRecords.write(toJson(row));
            try {
              check.add(json, reader.row());
              writer.append(json.getBytes(StandardCharsets.UTF_8));
            } catch (DataFormatException e) {
              corrupt.report(e);
            }
          });
    }
  }

  private static ObjectNode toJson(Map<String, Object> row) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    row.forEach(
        (key, value) -> {
          if (value instanceof List<?> items) {
            items.forEach(item -> object.withArray(key).add(String.valueOf(item)));
          } else {
            object.put(key, String.valueOf(value));
          }
        });
    return object;
  }

  /** That examples are understood, and that all of them have negatives or none has. */
  private static final class Check {

    private final Path file;
    private Optional<Boolean> negatives = Optional.empty();

    Check(Path file) {
      this.file = file;
    }

    void add(String json, long line) throws IOException {
      boolean has = !ExampleLine.parse(json, file.toString(), line).negatives().isEmpty();
      if (negatives.isPresent() && negatives.get() != has) {
        throw new DataFormatException(
            file.toString(),
            line,
            "examples before this one have "
                + (has ? "no negatives, this one has" : "negatives, this one has none")
                + "; all of a dataset must be alike");
      }
      negatives = Optional.of(has);
    }
  }

  /** Name of the dataset: that of the file without its ending. */
  String name() {
    return file.getFileName().toString().replaceFirst("\\..*$", "");
  }

  /** Number of examples. */
  public long size() {
    return rows.size();
  }

  /** Whether the examples have negatives; unknown if there are none. */
  Optional<Boolean> hasNegatives() {
    return negatives;
  }

  /** Reads an example by its number, from 0. */
  public ExampleLine read(long example) throws IOException {
    return ExampleLine.parse(json(example), file.toString(), example + 1);
  }

  /**
   * An example as a line of JSON with other negatives than it has, in the form that its positives
   * have.
   *
   * @param example its number, from 0
   * @param negatives at least one
   */
  public String withNegatives(long example, List<String> negatives) throws IOException {
    ObjectNode object = JsonRecords.parse(json(example), file.toString(), example + 1);
    object.remove(List.of("negative", "neg", "negative_passages"));
    if (object.has("positive_passages")) {
      ArrayNode passages = object.putArray("negative_passages");
      negatives.forEach(text -> passages.addObject().put("text", text));
      return JsonRecords.write(object);
    }
    String key = object.has("positive") ? "negative" : "neg";
    if (negatives.size() == 1 && key.equals("negative")) {
      object.put(key, negatives.get(0));
    } else {
      negatives.forEach(object.putArray(key)::add);
    }
    return JsonRecords.write(object);
  }

  private String json(long example) throws IOException {
    return new String(rows.read(example), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
