/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import io.github.llm2vec.files.FileChannels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The {@code .partial} file beside an output: its name, its complete lines, its end. */
final class PartialFile {

  private static final int BLOCK_BYTES = 1 << 16;

  private PartialFile() {}

  /** The name that an output has while it is written. */
  static Path of(Path output) {
    return output.resolveSibling(output.getFileName() + ".partial");
  }

  /** The file that says of which run the partial one is. */
  static Path identity(Path output) {
    return output.resolveSibling(output.getFileName() + ".partial.properties");
  }

  /**
   * Opens a file for reading and writing, creating it if need be.
   *
   * @throws IOException also if another run has it open
   */
  static FileChannel open(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw new IOException(file + " is being written by another run in this process", e);
    }
    channel.close();
    throw new IOException(file + " is being written by another run; wait for it or stop it");
  }

  /** Cuts off what stands after the last line end: a line that was being written. */
  static void dropIncompleteLine(FileChannel file) throws IOException {
    long end = file.size();
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    while (end > 0) {
      long start = Math.max(0, end - BLOCK_BYTES);
      block.clear().limit((int) (end - start));
      readFully(file, block, start);
      for (int i = block.limit() - 1; i >= 0; i--) {
        if (block.get(i) == '\n') {
          file.truncate(start + i + 1);
          return;
        }
      }
      end = start;
    }
    file.truncate(0);
  }

  static void readFully(FileChannel file, ByteBuffer target, long start) throws IOException {
    FileChannels.read(file, target, start, "the file became shorter while it was read");
    target.flip();
  }

  /** Gives the finished file its real name in one step, replacing what was there. */
  static void publish(Path output) throws IOException {
    Files.move(
        of(output), output, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(identity(output));
  }
}
