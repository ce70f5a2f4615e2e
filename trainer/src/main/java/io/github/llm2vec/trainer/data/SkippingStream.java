/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.util.Optional;

/** A stream that reports records which cannot be understood and goes on, if that is allowed. */
public record SkippingStream<T>(RecordStream<T> records, CorruptLines corrupt)
    implements RecordStream<T> {

  @Override
  public Optional<T> next() throws IOException {
    while (true) {
      try {
        return records.next();
      } catch (DataFormatException e) {
        corrupt.report(e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    records.close();
  }
}
