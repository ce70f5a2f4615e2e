/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.text.TextReader;

/** Shows how much of a collection's file is indexed. */
final class IndexingDisplay {

  private final Progress progress;
  private final TextReader reader;
  private long shown;

  IndexingDisplay(Progress progress, TextReader reader) {
    this.progress = progress;
    this.reader = reader;
  }

  void progressed(long written, long skipped) {
    long done = written + skipped;
    reader.fraction().ifPresent(part -> progress.total(Math.max(done, Math.round(done / part))));
    progress.advance(done - shown);
    shown = done;
  }
}
