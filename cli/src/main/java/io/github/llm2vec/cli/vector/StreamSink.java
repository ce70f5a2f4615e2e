/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;

/** Vector output as JSON lines on standard output. */
public final class StreamSink implements VectorOutput.Sink {

  private final PrintStream target;

  /** A sink that writes to a stream it does not own. */
  public StreamSink(PrintStream target) {
    this.target = target;
  }

  @Override
  public Optional<String> nextEarlierId() {
    return Optional.empty();
  }

  @Override
  public void write(List<String> ids, float[][] vectors) throws IOException {
    VectorLines.write(target, ids, vectors);
    if (target.checkError()) {
      throw new IOException("standard output was closed by its reader");
    }
  }

  @Override
  public void finish() {
    target.flush();
  }

  @Override
  public void close() {
    target.flush();
  }
}
