/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;

/**
 * Vector output as JSON lines on standard output.
 *
 * @param target a stream that is not closed here
 */
public record StreamSink(PrintStream target) implements VectorOutput.Sink {

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
