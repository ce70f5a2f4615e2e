/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import io.github.llm2vec.files.FileChannels;
import io.github.llm2vec.trainer.mteb.search.NpyFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A NumPy array {@code [rows, dimensions]} of little-endian float32 in C order, and beside it a
 * text file with one id per line.
 *
 * <p>Format 1.0: the bytes {@code \x93NUMPY 1 0}, the length of the rest of the header as an
 * unsigned 16-bit number, then a Python dictionary padded with blanks to a multiple of 64 bytes,
 * then the values. The number of rows is known only at the end, so the header is written again
 * then.
 */
final class NpySink implements VectorOutput.Sink {

  private static final int BUFFER_BYTES = 1 << 20;

  private final Path output;
  private final Path idsOutput;
  private final int dimensions;
  private final FileChannel vectors;
  private final FileChannel ids;
  private final BufferedReader earlier;
  private long rows;

  private NpySink(Path output, int dimensions, FileChannel vectors, FileChannel ids)
      throws IOException {
    this.output = output;
    this.idsOutput = idsFile(output);
    this.dimensions = dimensions;
    this.vectors = vectors;
    this.ids = ids;
    this.rows = keepCompleteRows();
    this.earlier = Files.newBufferedReader(PartialFile.of(idsOutput));
  }

  /** Opens the partial files, keeping the rows that both of them have complete. */
  static NpySink open(Path output, int dimensions) throws IOException {
    FileChannel vectors = PartialFile.open(PartialFile.of(output));
    try {
      FileChannel ids = PartialFile.open(PartialFile.of(idsFile(output)));
      try {
        return new NpySink(output, dimensions, vectors, ids);
      } catch (IOException e) {
        ids.close();
        throw e;
      }
    } catch (IOException e) {
      vectors.close();
      throw e;
    }
  }

  /** {@code vectors.npy} has its ids in {@code vectors.ids.txt}. */
  static Path idsFile(Path output) {
    String name = output.getFileName().toString();
    return output.resolveSibling(name.substring(0, name.length() - ".npy".length()) + ".ids.txt");
  }

  @Override
  public Optional<String> nextEarlierId() throws IOException {
    return Optional.ofNullable(earlier.readLine());
  }

  @Override
  public void write(List<String> newIds, float[][] newVectors) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String id : newIds) {
      if (id.indexOf('\n') >= 0 || id.indexOf('\r') >= 0) {
        throw new IOException(
            "id '%s' holds a line break, which the ids file beside a .npy cannot; write .jsonl"
                .formatted(id));
      }
      lines.append(id).append('\n');
    }
    writeValues(newVectors);
    FileChannels.write(ids, ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8)));
    rows += newVectors.length;
  }

  private void writeValues(float[][] newVectors) throws IOException {
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.max(BUFFER_BYTES, dimensions * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float[] vector : newVectors) {
      if (buffer.remaining() < vector.length * Float.BYTES) {
        FileChannels.write(vectors, buffer.flip());
        buffer.clear();
      }
      buffer.asFloatBuffer().put(vector);
      buffer.position(buffer.position() + vector.length * Float.BYTES);
    }
    FileChannels.write(vectors, buffer.flip());
  }

  @Override
  public void finish() throws IOException {
    writeHeader();
    vectors.force(true);
    ids.force(true);
    close();
    PartialFile.publish(idsOutput);
    PartialFile.publish(output);
  }

  @Override
  public void close() throws IOException {
    earlier.close();
    vectors.close();
    ids.close();
  }

  private void writeHeader() throws IOException {
    long end = vectors.position();
    vectors.position(0);
    FileChannels.write(vectors, NpyFile.header(rows, dimensions));
    vectors.position(end);
  }

  /**
   * Values are written before ids, so a run that was cut off may leave more rows than ids but, as
   * far as the disk kept what it was given, not fewer.
   */
  private long keepCompleteRows() throws IOException {
    PartialFile.dropIncompleteLine(ids);
    long rowBytes = (long) dimensions * Float.BYTES;
    long valueRows = Math.max(0, vectors.size() - NpyFile.HEADER_BYTES) / rowBytes;
    long kept = 0;
    long idBytes = 0;
    ByteBuffer block = ByteBuffer.allocate(BUFFER_BYTES);
    for (long start = 0; start < ids.size() && kept < valueRows; start += BUFFER_BYTES) {
      block.clear().limit((int) Math.min(BUFFER_BYTES, ids.size() - start));
      PartialFile.readFully(ids, block, start);
      for (int i = 0; i < block.limit() && kept < valueRows; i++) {
        if (block.get(i) == '\n') {
          kept++;
          idBytes = start + i + 1;
        }
      }
    }
    ids.truncate(idBytes);
    ids.position(idBytes);
    vectors.truncate(NpyFile.HEADER_BYTES + kept * rowBytes);
    vectors.position(0);
    writeHeader();
    vectors.position(NpyFile.HEADER_BYTES + kept * rowBytes);
    return kept;
  }
}
