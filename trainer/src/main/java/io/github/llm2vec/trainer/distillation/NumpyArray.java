/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import io.github.llm2vec.files.FileChannels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A matrix in numpy's format, versions 1 to 3: little-endian {@code float32} or {@code float64},
 * rows one after the other. Thread-safe.
 *
 * @param channel the open file
 * @param file the file, for messages
 * @param first byte of the first number
 * @param doubles whether numbers have 64 bits
 * @param rows rows
 * @param columns columns
 */
record NumpyArray(
    FileChannel channel, Path file, long first, boolean doubles, int rows, int columns)
    implements VectorFile.Matrix {

  private static final int LONGEST_HEADER = 1 << 16;
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{\\s*'descr':\\s*'([^']*)',\\s*'fortran_order':\\s*(True|False),"
              + "\\s*'shape':\\s*\\((\\d{1,9}), (\\d{1,9}),?\\),?\\s*}\\s*");

  /**
   * Opens a file.
   *
   * @throws IOException if it is no such matrix, or shorter than its header says
   */
  static NumpyArray open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      ByteBuffer start = read(channel, file, 0, 12);
      boolean magic = start.get(0) == (byte) 0x93 && "NUMPY".equals(text(start, 1, 5));
      int version = start.get(6);
      if (!magic || version < 1 || version > 3) {
        throw wrong(file, "is no .npy file of version 1, 2 or 3");
      }
      int prefix = version == 1 ? 10 : 12;
      int length = version == 1 ? Short.toUnsignedInt(start.getShort(8)) : start.getInt(8);
      if (length < 1 || length > LONGEST_HEADER) {
        throw wrong(file, "has a header of " + length + " bytes");
      }
      ByteBuffer header = read(channel, file, prefix, length);
      Matcher matcher = HEADER.matcher(text(header, 0, length));
      boolean understood =
          matcher.matches()
              && (matcher.group(1).equals("<f4") || matcher.group(1).equals("<f8"))
              && matcher.group(2).equals("False");
      if (!understood) {
        throw wrong(
            file,
            "must be a matrix of float32 or float64 in C order; save it by numpy.save(file,"
                + " numpy.ascontiguousarray(vectors, dtype='<f4'))");
      }
      NumpyArray array =
          new NumpyArray(
              channel,
              file,
              prefix + (long) length,
              matcher.group(1).equals("<f8"),
              Integer.parseInt(matcher.group(3)),
              Integer.parseInt(matcher.group(4)));
      if (array.columns < 1 || channel.size() < array.place(array.rows)) {
        throw wrong(file, "is shorter than its header says");
      }
      return array;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static String text(ByteBuffer bytes, int first, int count) {
    byte[] part = new byte[count];
    bytes.get(first, part);
    return new String(part, StandardCharsets.US_ASCII);
  }

  private static IOException wrong(Path file, String problem) {
    return new IOException(file + " " + problem);
  }

  private int bytes() {
    return doubles ? Double.BYTES : Float.BYTES;
  }

  private long place(int row) {
    return first + (long) row * columns * bytes();
  }

  @Override
  public void read(int row, float[] target) throws IOException {
    ByteBuffer values = read(channel, file, place(row), columns * bytes());
    for (int i = 0; i < columns; i++) {
      target[i] =
          doubles ? (float) values.getDouble(i * Double.BYTES) : values.getFloat(i * Float.BYTES);
    }
  }

  private static ByteBuffer read(FileChannel channel, Path file, long position, int count)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    FileChannels.read(channel, bytes, position, file + " ends too early; it is incomplete");
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
