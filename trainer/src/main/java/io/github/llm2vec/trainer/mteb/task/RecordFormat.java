/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A kind of file that holds records with named fields. */
public interface RecordFormat {

  /** Whether this format reads a file, judged by its name. */
  boolean accepts(Path file);

  /**
   * Opens a file.
   *
   * @throws IOException if it cannot be opened
   */
  Reader open(Path file) throws IOException;

  /** Reads records one by one. */
  interface Reader extends AutoCloseable {

    /** The next record, or empty at the end of the file. */
    Optional<DataRecord> next() throws IOException;

    @Override
    void close() throws IOException;
  }
}
