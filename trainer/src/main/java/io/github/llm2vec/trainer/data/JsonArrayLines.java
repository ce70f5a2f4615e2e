/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * A file that is one JSON array, as a stream of JSON lines: one element a line, of which only one
 * is in memory. Owns the stream behind it.
 */
final class JsonArrayLines extends InputStream {

  private final InputStream in;
  private final JsonParser parser;
  private final String source;
  private ByteArrayInputStream line = new ByteArrayInputStream(new byte[0]);
  private boolean ended;

  JsonArrayLines(InputStream in, String source) throws IOException {
    this.in = in;
    this.source = source;
    this.parser = JsonRecords.parser(in);
    parser.nextToken();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    while (line.available() == 0) {
      if (ended || !nextElement()) {
        return -1;
      }
    }
    return line.read(target, offset, length);
  }

  /** Nothing behind broken JSON can be read, so that it is more than one line's failure. */
  private boolean nextElement() throws IOException {
    try {
      JsonToken token = parser.nextToken();
      if (token != JsonToken.END_ARRAY) {
        if (token == null) {
          throw new IOException(source + ": the JSON array has no end; copy the file anew");
        }
        String json = JsonRecords.write(JsonRecords.element(parser));
        line = new ByteArrayInputStream((json + "\n").getBytes(StandardCharsets.UTF_8));
        return true;
      }
      ended = true;
      if (parser.nextToken() != null) {
        throw new IOException(source + ": there is more behind the end of the JSON array");
      }
      return false;
    } catch (JsonProcessingException e) {
      int row = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      throw new IOException(
          "%s:%s: broken JSON at column %s (%s)"
              .formatted(source, row, column, e.getOriginalMessage()),
          e);
    }
  }

  @Override
  public void close() throws IOException {
    parser.close();
    in.close();
  }
}
