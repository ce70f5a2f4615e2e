/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.encode;

import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The number of texts handed to the encoder at once, adapted to its speed. Many make good batches;
 * few are shown as progress soon, are ready to be written and are lost when the run is stopped. The
 * window grows or shrinks by at most four so that encoding one takes about the wanted time.
 */
public final class AdaptiveWindow {

  /** A window ends early when it holds so many characters, so that long texts stay in memory. */
  private static final long MAX_CHARACTERS = 16 << 20;

  private static final int MAX_TEXTS = 8192;
  private static final int FIRST_TEXTS = 16;
  private static final double WANTED_NANOS = Duration.ofSeconds(4).toNanos();

  private int texts = FIRST_TEXTS;

  /** Most texts of the next window. */
  int texts() {
    return texts;
  }

  /** Reads the texts of the next window; none at the end. */
  public List<TextRecord> next(TextReader reader) throws IOException {
    List<TextRecord> window = new ArrayList<>();
    long characters = 0;
    while (window.size() < texts && characters < MAX_CHARACTERS) {
      Optional<TextRecord> text = reader.next();
      if (text.isEmpty()) {
        break;
      }
      window.add(text.get());
      characters += text.get().text().length();
    }
    return window;
  }

  /** Says how long a window took. */
  public void took(int encoded, long nanos) {
    double fitting = encoded * WANTED_NANOS / Math.max(nanos, 1);
    double bounded = Math.max(texts / 4.0, Math.min(texts * 4.0, fitting));
    texts = (int) Math.max(1, Math.min(MAX_TEXTS, Math.round(bounded)));
  }
}
