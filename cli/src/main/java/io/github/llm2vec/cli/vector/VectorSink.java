/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Destination of encoded vectors, in order. A sink for files writes to a {@code .partial} file that
 * takes its real name when {@link #finish} is called; closed before that, it leaves the partial
 * file with complete rows for a later run to go on with.
 */
public interface VectorSink extends Closeable {

  /**
   * The id of the next row that an earlier, interrupted run left here; empty when all of them were
   * asked for. They must be asked for before anything is written.
   */
  Optional<String> nextEarlierId() throws IOException;

  /** Writes rows and hands them to the operating system. */
  void write(List<String> ids, float[][] vectors) throws IOException;

  /** Gives the files their real names; nothing may be written afterwards. */
  void finish() throws IOException;
}
