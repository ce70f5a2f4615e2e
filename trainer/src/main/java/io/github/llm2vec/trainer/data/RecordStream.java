/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/**
 * Records one after another, of which only one is in memory. Not thread-safe. Closing it closes the
 * files behind it.
 *
 * @param <T> what a record is
 */
public interface RecordStream<T> extends Closeable {

  /**
   * The next record, or empty at the end.
   *
   * @throws DataFormatException if the data cannot be understood
   */
  Optional<T> next() throws IOException;

  @Override
  default void close() throws IOException {}
}
