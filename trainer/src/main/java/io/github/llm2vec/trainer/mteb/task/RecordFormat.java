/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import io.github.llm2vec.trainer.data.DataRecord;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;

/** A kind of file that holds records with named fields. */
public interface RecordFormat {

  /** Whether this format reads a file, judged by its name. */
  boolean accepts(Path file);

  /**
   * Opens a file. A record that cannot be read is a {@link
   * io.github.llm2vec.trainer.data.DataFormatException}, after which the next one is read.
   *
   * @throws IOException if it cannot be opened
   */
  RecordStream<DataRecord> open(Path file) throws IOException;
}
