/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import io.github.llm2vec.files.FileChannels;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Vector output as JSON lines in a file. */
record JsonlSink(Path output, FileChannel file, BufferedReader earlier)
    implements VectorOutput.Sink {

  /** Opens the partial file, keeping the complete lines that are in it. */
  static JsonlSink open(Path output) throws IOException {
    Path partial = PartialFile.of(output);
    FileChannel file = PartialFile.open(partial);
    try {
      PartialFile.dropIncompleteLine(file);
      file.position(file.size());
      return new JsonlSink(output, file, Files.newBufferedReader(partial));
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public Optional<String> nextEarlierId() throws IOException {
    String line = earlier.readLine();
    return line == null ? Optional.empty() : Optional.of(VectorLines.id(line));
  }

  @Override
  public void write(List<String> ids, float[][] vectors) throws IOException {
    ByteArrayOutputStream lines = new ByteArrayOutputStream(1 << 16);
    for (int i = 0; i < vectors.length; i++) {
      VectorLines.write(lines, ids.subList(i, i + 1), new float[][] {vectors[i]});
      if (lines.size() > 1 << 20 || i == vectors.length - 1) {
        FileChannels.write(file, ByteBuffer.wrap(lines.toByteArray()));
        lines.reset();
      }
    }
  }

  @Override
  public void finish() throws IOException {
    file.force(true);
    close();
    PartialFile.publish(output);
  }

  @Override
  public void close() throws IOException {
    earlier.close();
    file.close();
  }
}
