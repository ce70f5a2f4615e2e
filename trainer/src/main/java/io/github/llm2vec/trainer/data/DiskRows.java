/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.files.FileChannels;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * An array of byte strings on disk with random access, for data that does not fit into memory. Two
 * files: the rows, and an index of 12 bytes per row (offset as a long, length as an int,
 * big-endian). The rows may be the lines of a file that was there before. Thread-safe.
 *
 * @param size number of rows
 */
public record DiskRows(FileChannel data, FileChannel index, Path file, long size)
    implements Closeable {

  /** Bytes of a row in the index. */
  static final int INDEX_BYTES = Long.BYTES + Integer.BYTES;

  /** Opens rows that were written by a {@link DiskRowsWriter}. */
  static DiskRows open(Path folder, String name) throws IOException {
    return open(DiskRowsWriter.rowsFile(folder, name), DiskRowsWriter.indexFile(folder, name));
  }

  /**
   * Opens rows.
   *
   * @param file the file that holds them
   * @param indexFile their index
   */
  static DiskRows open(Path file, Path indexFile) throws IOException {
    FileChannel data = FileChannel.open(file, StandardOpenOption.READ);
    try {
      FileChannel index = FileChannel.open(indexFile, StandardOpenOption.READ);
      return new DiskRows(data, index, file, Files.size(indexFile) / INDEX_BYTES);
    } catch (IOException e) {
      data.close();
      throw e;
    }
  }

  /**
   * Writes rows to disk, in place of any of the same name.
   *
   * @param folder where to; it is made if it is not there
   * @param name what the files are called
   * @param madeOf everything that the rows depend on, by which {@link #stored} knows them again
   * @param rows the rows; closed in the end
   * @param most most rows to write
   */
  public static DiskRows store(
      Path folder, String name, String madeOf, RecordStream<byte[]> rows, long most)
      throws IOException {
    try (rows;
        DiskRowsWriter writer = DiskRowsWriter.ofRows(folder, name)) {
      new RecordStream.Slice<>(rows, 0, most).forEach(writer::append);
      writer.finish(madeOf);
    }
    return open(folder, name);
  }

  /** Rows that {@link #store} wrote completely before, if they were made of the same. */
  public static Optional<DiskRows> stored(Path folder, String name, String madeOf)
      throws IOException {
    return DiskRowsWriter.isFinished(folder, name, madeOf)
        ? Optional.of(open(folder, name))
        : Optional.empty();
  }

  /**
   * Reads a row.
   *
   * @param row its number, from 0
   */
  public byte[] read(long row) throws IOException {
    if (row < 0 || row >= size) {
      throw new IndexOutOfBoundsException("row " + row + " of " + size);
    }
    ByteBuffer entry = ByteBuffer.allocate(INDEX_BYTES);
    String cutOff = file + " became shorter while it was read; start anew";
    FileChannels.read(index, entry, row * INDEX_BYTES, cutOff);
    ByteBuffer bytes = ByteBuffer.allocate(entry.getInt(Long.BYTES));
    FileChannels.read(data, bytes, entry.getLong(0), cutOff);
    return bytes.array();
  }

  @Override
  public void close() throws IOException {
    try (data;
        index) {
      // Both are closed, whatever the first says.
    }
  }
}
