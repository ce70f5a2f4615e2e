/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Splits a stream into lines of UTF-8. Other than the JDK's reader it bounds the length of a line
 * and says on which line the encoding is broken, instead of replacing characters silently.
 */
final class LineReader {

  /** Longest line in bytes; a text of this size is far beyond what any model reads. */
  static final int MAX_LINE_BYTES = 64 << 20;

  private static final int BUFFER_BYTES = 1 << 14;

  private final InputStream in;
  private final String source;
  private final int maxLineBytes;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;
  private long line;

  LineReader(InputStream in, String source, int maxLineBytes) {
    this.in = in;
    this.source = source;
    this.maxLineBytes = maxLineBytes;
  }

  /** Number of the line last returned, counted from 1. */
  long line() {
    return line;
  }

  /** The next line without its end (LF or CRLF), or empty at the end of the stream. */
  Optional<String> next() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    line++;
    while (true) {
      if (position == limit && !fill()) {
        if (bytes.size() == 0) {
          line--;
          return Optional.empty();
        }
        return Optional.of(decode(bytes.toByteArray()));
      }
      int end = position;
      while (end < limit && buffer[end] != '\n') {
        end++;
      }
      if (bytes.size() + (end - position) > maxLineBytes) {
        throw new TextInputException(
            source, line, "line is longer than " + maxLineBytes + " bytes; split the text");
      }
      bytes.write(buffer, position, end - position);
      boolean complete = end < limit;
      position = complete ? end + 1 : end;
      if (complete) {
        return Optional.of(decode(bytes.toByteArray()));
      }
    }
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = 0;
    int read = in.read(buffer);
    if (read <= 0) {
      return false;
    }
    limit = read;
    return true;
  }

  private String decode(byte[] bytes) throws TextInputException {
    int length = bytes.length;
    if (length > 0 && bytes[length - 1] == '\r') {
      length--;
    }
    try {
      String text = decoder.decode(ByteBuffer.wrap(bytes, 0, length)).toString();
      // Some editors on Windows put a byte order mark at the start of a file.
      return line == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new TextInputException(
          source, line, "not valid UTF-8; convert the file, for example with iconv -t UTF-8");
    }
  }
}
