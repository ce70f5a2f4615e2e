/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.tokenizer.PythonText;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A text dataset with random access. A single file of plain lines stays where it is and gets an
 * index; other files are unpacked onto disk. Thread-safe.
 *
 * @param size number of texts
 */
public record TextRows(DiskRows rows, TextStyle style, long size) implements Closeable {

  /**
   * What is read.
   *
   * @param files the files, one after another
   * @param style how lines of plain text are understood
   * @param keepEmpty whether empty texts count
   * @param most most texts, the first ones
   */
  public record Selection(List<Path> files, TextStyle style, boolean keepEmpty, long most) {}

  /**
   * Opens texts, reading them once.
   *
   * @param cache the folder for the index
   * @throws DataFormatException if there is none
   */
  public static TextRows open(Selection selection, Path cache, CorruptLines corrupt)
      throws IOException {
    Path first = selection.files().get(0);
    DataFile.requireFile(first);
    String name = DataFile.cacheName(first);
    boolean plain = List.of("txt", "tokens", "raw", "").contains(DataFile.extension(first));
    boolean inPlace = plain && selection.files().size() == 1 && DataFile.hasPlaces(first);
    try (DiskRowsWriter writer =
        inPlace ? DiskRowsWriter.ofIndex(cache, name) : DiskRowsWriter.ofRows(cache, name)) {
      if (inPlace) {
        index(first, selection, writer, corrupt);
      } else {
        copy(selection, writer, corrupt);
      }
      if (writer.count() == 0) {
        throw new DataFormatException(first.toString(), 1, "there are no texts in this file");
      }
    }
    Path data = inPlace ? first : DiskRowsWriter.rowsFile(cache, name);
    DiskRows rows = DiskRows.open(data, DiskRowsWriter.indexFile(cache, name));
    return new TextRows(rows, selection.style(), rows.size());
  }

  private static void index(
      Path file, Selection selection, DiskRowsWriter writer, CorruptLines corrupt)
      throws IOException {
    try (LineReader lines = DataFile.lines(file)) {
      while (writer.count() < selection.most()) {
        try {
          Optional<String> line = lines.next();
          if (line.isEmpty()) {
            return;
          }
          if (selection.keepEmpty() || !isBlank(line.get())) {
            writer.appendPlace(lines.start(), lines.length());
          }
        } catch (DataFormatException e) {
          corrupt.report(e);
        }
      }
    }
  }

  private static void copy(Selection selection, DiskRowsWriter writer, CorruptLines corrupt)
      throws IOException {
    // The style is applied when a text is read again, as it is to lines that stay in place.
    try (RecordStream<String> texts = TextFiles.open(selection.files(), TextStyle.LINE, corrupt)) {
      Optional<String> text = texts.next();
      while (text.isPresent() && writer.count() < selection.most()) {
        if (selection.keepEmpty() || !isBlank(text.get())) {
          writer.append(text.get().getBytes(StandardCharsets.UTF_8));
        }
        text = texts.next();
      }
    }
  }

  private static boolean isBlank(String text) {
    return PythonText.strip(text).isEmpty();
  }

  /** Reads a text by its number, from 0. */
  public String read(long text) throws IOException {
    return style.understand(new String(rows.read(text), StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
