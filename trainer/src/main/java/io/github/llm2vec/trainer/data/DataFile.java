/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/** Opens files of lines, gzipped or not, and tells formats by names. */
public final class DataFile {

  private static final int GZIP_MAGIC = 0x8b1f;
  private static final int BUFFER_BYTES = 1 << 16;

  private DataFile() {}

  /** Reads the lines of a file; gzip is recognised by its first bytes. */
  public static LineReader lines(Path file) throws IOException {
    return new LineReader(open(file), file.toString());
  }

  /** Whether the lines that are read are those of the file, so that each has its place there. */
  static boolean hasPlaces(Path file) throws IOException {
    requireFile(file);
    try (InputStream in = Files.newInputStream(file)) {
      byte[] magic = in.readNBytes(2);
      if (magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
        return false;
      }
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES)) {
      return !(isJson(file) && holdsArray(in));
    }
  }

  /** The name of a file in lower case and without {@code .gz}. */
  public static String plainName(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
  }

  /** The ending of a file's name without {@code .gz}, in lower case; "" if there is none. */
  public static String extension(Path file) {
    String name = plainName(file);
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot + 1);
  }

  /** A name for what is kept about a file, different for files of the same name elsewhere. */
  public static String cacheName(Path file) {
    String place = file.toAbsolutePath().normalize().toString();
    return file.getFileName() + "-" + Integer.toHexString(place.hashCode());
  }

  /**
   * Checks that a file is there.
   *
   * @throws NoSuchFileException if it is not
   */
  public static void requireFile(Path file) throws NoSuchFileException {
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
      InputStream plain =
          magic == GZIP_MAGIC
              ? new BufferedInputStream(new GZIPInputStream(in, BUFFER_BYTES), BUFFER_BYTES)
              : in;
      return isJson(file) && holdsArray(plain) ? new JsonArrayLines(plain, file.toString()) : plain;
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  static boolean isJson(Path file) {
    return List.of("json", "jsonl", "ndjson").contains(extension(file));
  }

  /** Whether the first character that is no blank opens an array; the stream stays at its start. */
  private static boolean holdsArray(InputStream in) throws IOException {
    in.mark(BUFFER_BYTES);
    int next = in.read();
    for (int i = 1; i < BUFFER_BYTES && (next == ' ' || (next >= '\t' && next <= '\r')); i++) {
      next = in.read();
    }
    in.reset();
    return next == '[';
  }
}
