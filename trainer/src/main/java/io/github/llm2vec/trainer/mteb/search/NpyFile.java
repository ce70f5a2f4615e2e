/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.files.FileChannels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A matrix of floats in numpy's format (version 1.0, {@code <f4}, rows one after the other), so
 * that Python opens a shard with {@code numpy.load}. The header is always 128 bytes long.
 */
public final class NpyFile {

  /** Bytes before the first float. */
  public static final int HEADER_BYTES = 128;

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

  private NpyFile() {}

  /** Bytes of a file that holds this many floats. */
  static long bytes(int rows, int columns) {
    return HEADER_BYTES + (long) rows * columns * Float.BYTES;
  }

  /** Writes rows and makes sure that they are on disk. */
  static void write(Path file, float[][] rows, int columns) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      FileChannels.write(channel, header(rows.length, columns));
      ByteBuffer row = ByteBuffer.allocate(columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (float[] values : rows) {
        row.clear();
        row.asFloatBuffer().put(values);
        FileChannels.write(channel, row);
      }
      channel.force(true);
    }
  }

  /** The header of a matrix. */
  public static ByteBuffer header(long rows, int columns) {
    String description =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%s, %s), }".formatted(rows, columns);
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC);
    header.putShort((short) (HEADER_BYTES - MAGIC.length - Short.BYTES));
    header.put(description.getBytes(StandardCharsets.US_ASCII));
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    return header.put((byte) '\n').flip();
  }

  /** Maps the floats of a file, little-endian, without its header. */
  static ByteBuffer map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return channel
          .map(FileChannel.MapMode.READ_ONLY, HEADER_BYTES, channel.size() - HEADER_BYTES)
          .order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}
