/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.util.Optional;

/**
 * A part of a stream. Owns the stream.
 *
 * @param <T> what a record is
 */
public final class StreamSlice<T> implements RecordStream<T> {

  private final RecordStream<T> source;
  private final long from;
  private final long to;
  private long position;

  /**
   * @param source the whole
   * @param from records to leave out at its start
   * @param to the record to stop before, counted in the whole
   */
  public StreamSlice(RecordStream<T> source, long from, long to) {
    this.source = source;
    this.from = from;
    this.to = to;
  }

  @Override
  public Optional<T> next() throws IOException {
    while (position < from && source.next().isPresent()) {
      position++;
    }
    if (position < from || position >= to) {
      return Optional.empty();
    }
    position++;
    return source.next();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
