/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The document ids of a corpus by number, on disk. They stay in two mapped files, {@code ids.utf8}
 * with the ids one after the other and {@code ids.ends} with the end of each as a big-endian int,
 * so that millions of them take no heap.
 */
public record DocumentIds(ByteBuffer ids, ByteBuffer ends) {

  private static final String IDS = "ids.utf8";
  private static final String ENDS = "ids.ends";

  private static DocumentIds open(Path folder) throws IOException {
    return new DocumentIds(map(folder.resolve(IDS)), map(folder.resolve(ENDS)));
  }

  private static ByteBuffer map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
  }

  /** Number of documents. */
  public int size() {
    return ends.capacity() / Integer.BYTES;
  }

  /** The id of a document, numbered from 0 in the order of the corpus. */
  public String get(int number) {
    int start = number == 0 ? 0 : ends.getInt((number - 1) * Integer.BYTES);
    byte[] id = new byte[ends.getInt(number * Integer.BYTES) - start];
    ids.get(start, id);
    return new String(id, StandardCharsets.UTF_8);
  }

  /** Writes ids; {@link #finish} gives them back to read. */
  static final class Writer implements AutoCloseable {

    private final Path folder;
    private final DataOutputStream ids;
    private final DataOutputStream ends;

    Writer(Path folder) throws IOException {
      this.folder = Files.createDirectories(folder);
      this.ids = create(folder.resolve(IDS));
      this.ends = create(folder.resolve(ENDS));
    }

    private static DataOutputStream create(Path file) throws IOException {
      // A new file: an old one may still be mapped, and must not change under its reader.
      Files.deleteIfExists(file);
      return new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)));
    }

    void add(String id) throws IOException {
      ids.write(id.getBytes(StandardCharsets.UTF_8));
      // The stream's own count stops at this value.
      if (ids.size() == Integer.MAX_VALUE) {
        throw new DatasetException(
            "the ids of the corpus are longer than 2 GB together; split the corpus");
      }
      ends.writeInt(ids.size());
    }

    DocumentIds finish() throws IOException {
      close();
      return open(folder);
    }

    @Override
    public void close() throws IOException {
      ids.close();
      ends.close();
    }
  }
}
