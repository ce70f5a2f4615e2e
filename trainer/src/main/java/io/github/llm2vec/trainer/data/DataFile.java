/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/** Opens files of lines, gzipped or not, and tells formats by names. */
final class DataFile {

  private static final int GZIP_MAGIC = 0x8b1f;
  private static final int BUFFER_BYTES = 1 << 16;

  private DataFile() {}

  /** Reads the lines of a file; gzip is recognised by its first bytes. */
  static LineReader lines(Path file) throws IOException {
    return new LineReader(open(file), file.toString());
  }

  /** Whether a file is gzipped, so that no place in it can be found again. */
  static boolean isGzipped(Path file) throws IOException {
    requireFile(file);
    try (InputStream in = Files.newInputStream(file)) {
      byte[] magic = in.readNBytes(2);
      return magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
    }
  }

  /** The ending of a file's name without {@code .gz}, in lower case; "" if there is none. */
  static String extension(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot + 1);
  }

  /** A name for what is kept about a file, different for files of the same name elsewhere. */
  static String cacheName(Path file) {
    String place = file.toAbsolutePath().normalize().toString();
    return file.getFileName() + "-" + Integer.toHexString(place.hashCode());
  }

  /**
   * Checks that a file is there.
   *
   * @throws NoSuchFileException if it is not
   */
  static void requireFile(Path file) throws NoSuchFileException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString(), null, "there is no such file of data");
    }
  }

  private static InputStream open(Path file) throws IOException {
    requireFile(file);
    InputStream raw = Files.newInputStream(file);
    try {
      BufferedInputStream in = new BufferedInputStream(raw, BUFFER_BYTES);
      in.mark(2);
      int magic = in.read() | (in.read() << 8);
      in.reset();
      return magic == GZIP_MAGIC ? new GZIPInputStream(in, BUFFER_BYTES) : in;
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }
}
