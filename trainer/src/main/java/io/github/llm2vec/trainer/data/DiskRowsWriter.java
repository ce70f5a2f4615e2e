/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Writes rows for {@link DiskRows}, or only their index. What is written counts once it is
 * finished: then, and only then, there is a small file that says what the rows were made of, so
 * that a later run can tell whether they are what it would make. Not thread-safe.
 */
final class DiskRowsWriter implements Closeable {

  private static final int BUFFER_BYTES = 1 << 18;

  private final Path folder;
  private final String name;
  private final Optional<OutputStream> rows;
  private final DataOutputStream index;
  private long written;
  private long count;

  private DiskRowsWriter(Path folder, String name, boolean withRows) throws IOException {
    this.folder = folder;
    this.name = name;
    Files.createDirectories(folder);
    Files.deleteIfExists(description(folder, name));
    this.index = new DataOutputStream(buffered(indexFile(folder, name)));
    this.rows = withRows ? Optional.of(buffered(rowsFile(folder, name))) : Optional.empty();
  }

  /** Begins rows of which both files are written. */
  static DiskRowsWriter ofRows(Path folder, String name) throws IOException {
    return new DiskRowsWriter(folder, name, true);
  }

  /** Begins an index of rows that lie in another file. */
  static DiskRowsWriter ofIndex(Path folder, String name) throws IOException {
    return new DiskRowsWriter(folder, name, false);
  }

  private static OutputStream buffered(Path file) throws IOException {
    return new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES);
  }

  static Path rowsFile(Path folder, String name) {
    return folder.resolve(name + ".rows");
  }

  static Path indexFile(Path folder, String name) {
    return folder.resolve(name + ".index");
  }

  private static Path description(Path folder, String name) {
    return folder.resolve(name + ".json");
  }

  /** Adds a row. */
  void append(byte[] row) throws IOException {
    if (rows.isEmpty()) {
      throw new IllegalStateException("only an index is written here; this is a bug");
    }
    rows.get().write(row);
    appendPlace(written, row.length);
    written += row.length;
  }

  /** Adds the place of a row that lies in another file. */
  void appendPlace(long offset, int length) throws IOException {
    index.writeLong(offset);
    index.writeInt(length);
    count++;
  }

  /** Number of rows so far. */
  long count() {
    return count;
  }

  /**
   * Closes the files and says that they are complete.
   *
   * @param madeOf everything that the rows depend on
   */
  void finish(String madeOf) throws IOException {
    close();
    ObjectMapper json = new ObjectMapper();
    ObjectNode description = json.createObjectNode().put("made_of", madeOf).put("rows", count);
    AtomicFile.write(description(folder, name), json.writeValueAsString(description));
  }

  /** Whether there are finished rows of just this making. */
  static boolean isFinished(Path folder, String name, String madeOf) throws IOException {
    Path file = description(folder, name);
    if (!Files.exists(file)) {
      return false;
    }
    ObjectMapper json = new ObjectMapper();
    long rows = json.readTree(file.toFile()).path("rows").asLong(-1);
    boolean same = json.readTree(file.toFile()).path("made_of").asText().equals(madeOf);
    Path index = indexFile(folder, name);
    return same && Files.exists(index) && Files.size(index) == rows * DiskRows.INDEX_BYTES;
  }

  @Override
  public void close() throws IOException {
    try (index) {
      if (rows.isPresent()) {
        rows.get().close();
      }
    }
  }
}
