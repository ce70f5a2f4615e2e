/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.ZipException;

/**
 * Splits a stream of UTF-8 into lines as Python does when it reads text: a line ends at LF, CRLF or
 * a lone CR. Knows where each line lies in the stream. Not thread-safe.
 */
public final class LineReader implements RecordStream<String> {

  /** Longest line in bytes; a text of this size is far beyond what any model reads. */
  public static final int MAX_LINE_BYTES = 64 << 20;

  private static final int BUFFER_BYTES = 1 << 16;

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
  private byte[] bytes = new byte[256];
  private int length;
  private boolean tooLong;
  private long line;
  private long start;
  private long consumed;

  /**
   * Reads a stream, which it owns.
   *
   * @param in plain UTF-8
   * @param source the name of the stream in messages
   */
  public LineReader(InputStream in, String source) {
    this(in, source, MAX_LINE_BYTES);
  }

  LineReader(InputStream in, String source, int maxLineBytes) {
    this.in = in;
    this.source = source;
    this.maxLineBytes = maxLineBytes;
  }

  /** Number of the line last read, from 1. */
  public long line() {
    return line;
  }

  /** Offset of the first byte of the line last read, a byte order mark left out. */
  long start() {
    return start;
  }

  /** Bytes of the line last read, without its end. */
  int length() {
    return length;
  }

  /** A message about the line last read. */
  public DataFormatException problem(String problem) {
    return new DataFormatException(source, line, problem);
  }

  /**
   * The next line without its end, or empty at the end of the stream.
   *
   * @throws DataFormatException if it is no UTF-8 or too long; the lines after it can be read
   * @throws IOException if nothing more can be read
   */
  @Override
  public Optional<String> next() throws IOException {
    if (!readLine()) {
      return Optional.empty();
    }
    try {
      return Optional.of(decoder.decode(ByteBuffer.wrap(bytes, 0, length)).toString());
    } catch (CharacterCodingException e) {
      throw problem("not valid UTF-8; convert the file, for example with iconv -t UTF-8");
    }
  }

  private boolean readLine() throws IOException {
    length = 0;
    tooLong = false;
    start = consumed;
    if (position == limit && !fill()) {
      return false;
    }
    line++;
    boolean ended = false;
    while (!ended && (position < limit || fill())) {
      int end = endOfLine();
      append(end);
      ended = end < limit;
      position = end;
    }
    if (ended) {
      skipLineEnd();
    }
    if (tooLong) {
      throw problem("the line is longer than " + maxLineBytes + " bytes; split the text");
    }
    if (line == 1) {
      dropByteOrderMark();
    }
    return true;
  }

  private int endOfLine() {
    int end = position;
    while (end < limit && buffer[end] != '\n' && buffer[end] != '\r') {
      end++;
    }
    return end;
  }

  private void append(int end) {
    int count = end - position;
    consumed += count;
    tooLong = tooLong || length + count > maxLineBytes;
    if (tooLong) {
      return;
    }
    if (length + count > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + count, 2 * bytes.length));
    }
    System.arraycopy(buffer, position, bytes, length, count);
    length += count;
  }

  private void skipLineEnd() throws IOException {
    boolean carriageReturn = buffer[position] == '\r';
    position++;
    consumed++;
    if (carriageReturn && (position < limit || fill()) && buffer[position] == '\n') {
      position++;
      consumed++;
    }
  }

  /** Some editors on Windows put this mark at the start of a file. */
  private void dropByteOrderMark() {
    boolean mark =
        length >= 3
            && bytes[0] == (byte) 0xEF
            && bytes[1] == (byte) 0xBB
            && bytes[2] == (byte) 0xBF;
    if (mark) {
      length -= 3;
      start += 3;
      System.arraycopy(bytes, 3, bytes, 0, length);
    }
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = 0;
    try {
      limit = Math.max(0, in.read(buffer));
    } catch (EOFException | ZipException e) {
      // Not a line that could be left out: nothing after it can be read.
      throw new IOException(
          source + ": broken gzip after line " + line + " (" + e.getMessage() + "); copy it anew",
          e);
    }
    return limit > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
