/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Progress display of indexing a collection's file. How many documents there are is estimated by
 * how much of the file is read, unless the file is small enough to be counted.
 */
public final class IndexingDisplay {

  /** Counting a file of this size takes a fraction of a second. */
  private static final long SMALL_FILE = 8_000_000;

  private final Progress progress;
  private final TextReader reader;
  private final OptionalLong counted;
  private long shown;

  IndexingDisplay(Progress progress, TextReader reader) {
    this(progress, reader, OptionalLong.empty());
  }

  private IndexingDisplay(Progress progress, TextReader reader, OptionalLong counted) {
    this.progress = progress;
    this.reader = reader;
    this.counted = counted;
    counted.ifPresent(progress::total);
  }

  /** A display that counts a small file first. */
  public static IndexingDisplay counting(Progress progress, TextReader reader, Path file)
      throws IOException {
    return new IndexingDisplay(
        progress,
        reader,
        Files.size(file) > SMALL_FILE ? OptionalLong.empty() : OptionalLong.of(count(file)));
  }

  private static long count(Path file) throws IOException {
    try (TextReader texts = TextReader.open(file, TextFormat.AUTO)) {
      return texts.count();
    }
  }

  public void progressed(long written, long skipped) {
    long done = written + skipped;
    if (counted.isEmpty()) {
      reader.fraction().ifPresent(part -> progress.total(Math.max(done, Math.round(done / part))));
    }
    progress.advance(done - shown);
    shown = done;
  }
}
