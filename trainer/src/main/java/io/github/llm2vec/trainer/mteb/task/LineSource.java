/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * The lines of a file, gzipped or not. A line that is not valid UTF-8 is a line all the same, so
 * that the reader can say which one it is and go on.
 */
final class LineSource implements AutoCloseable {

  private static final int BUFFER_BYTES = 1 << 16;
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private final InputStream in;
  private long number;

  /**
   * One line.
   *
   * @param number counted from 1
   * @param text without its end; empty if the bytes are not valid UTF-8
   */
  record Line(long number, Optional<String> text) {}

  private LineSource(InputStream in) {
    this.in = in;
  }

  static LineSource open(Path file) throws IOException {
    InputStream raw = Files.newInputStream(file);
    try {
      InputStream plain = isGzip(file) ? new GZIPInputStream(raw, BUFFER_BYTES) : raw;
      return new LineSource(new BufferedInputStream(plain, BUFFER_BYTES));
    } catch (IOException e) {
      raw.close();
      throw new IOException(file + " cannot be opened: " + e.getMessage(), e);
    }
  }

  private static boolean isGzip(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".gz");
  }

  /** The name of a file in small letters and without {@code .gz}. */
  static String plainName(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
  }

  /** The next line that is not blank, or empty at the end. */
  Optional<Line> next() throws IOException {
    while (true) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
      int read = in.read();
      if (read < 0) {
        return Optional.empty();
      }
      number++;
      while (read >= 0 && read != '\n') {
        bytes.write(read);
        read = in.read();
      }
      Optional<String> text = decode(bytes.toByteArray());
      if (text.isEmpty() || !text.get().isBlank()) {
        return Optional.of(new Line(number, text));
      }
    }
  }

  private Optional<String> decode(byte[] bytes) {
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes))
              .toString();
      text = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
      return Optional.of(
          number == 1 && text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text);
    } catch (CharacterCodingException e) {
      // Kept as a line without text: the reader of the file reports it with its number.
      return Optional.empty();
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
