/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Whole buffers from and to files: a channel itself may read or write less than it is asked to. */
public final class FileChannels {

  private FileChannels() {}

  /**
   * Fills a buffer.
   *
   * @param position where in the file what goes to the buffer's position begins
   * @param cutOff what to say if the file ends before that
   * @throws EOFException if it does, with that message
   */
  public static void read(FileChannel channel, ByteBuffer target, long position, String cutOff)
      throws IOException {
    long start = position - target.position();
    while (target.hasRemaining()) {
      if (channel.read(target, start + target.position()) < 0) {
        throw new EOFException(cutOff);
      }
    }
  }

  /**
   * Writes all that is left of a buffer at the channel's position.
   *
   * @throws IOException if the disk is full, say; part of it may be written then
   */
  public static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
