/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a matrix of little-endian floats from a {@code .npy} file of format version 1. */
final class NumpyVectors {

  private static final Pattern SHAPE = Pattern.compile("'shape': \\((\\d+), (\\d+)\\)");
  private static final int FIXED_HEADER = 10;

  private NumpyVectors() {}

  /** {@code [rows, columns]}. */
  static float[][] read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer fixed = read(channel, FIXED_HEADER);
      ByteBuffer text = read(channel, fixed.getShort(8));
      String header = StandardCharsets.US_ASCII.decode(text).toString();
      Matcher shape = SHAPE.matcher(header);
      if (!header.contains("'<f4'") || header.contains("True") || !shape.find()) {
        throw new IOException(file + " is not a matrix of float32 in C order: " + header.strip());
      }
      float[][] rows = new float[Integer.parseInt(shape.group(1))][];
      int columns = Integer.parseInt(shape.group(2));
      for (int i = 0; i < rows.length; i++) {
        rows[i] = new float[columns];
        read(channel, columns * Float.BYTES).asFloatBuffer().get(rows[i]);
      }
      return rows;
    }
  }

  private static ByteBuffer read(FileChannel channel, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new IOException("the file ends " + buffer.remaining() + " bytes early");
      }
    }
    return buffer.flip();
  }
}
