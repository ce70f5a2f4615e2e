/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.encode;

import java.time.Duration;

/**
 * The number of texts handed to the encoder at once, adapted to its speed. Many make good batches;
 * few are shown as progress soon, are ready to be written and are lost when the run is stopped. The
 * window grows or shrinks by at most four so that encoding one takes about the wanted time.
 */
public final class AdaptiveWindow {

  /** A window ends early when it holds so many characters, so that long texts stay in memory. */
  public static final long MAX_CHARACTERS = 16 << 20;

  private static final int MAX_TEXTS = 8192;
  private static final int FIRST_TEXTS = 16;
  private static final double WANTED_NANOS = Duration.ofSeconds(4).toNanos();

  private int texts = FIRST_TEXTS;

  /** Texts of the next window. */
  public int texts() {
    return texts;
  }

  /** Says how long a window took. */
  public void took(int encoded, long nanos) {
    double fitting = encoded * WANTED_NANOS / Math.max(nanos, 1);
    double bounded = Math.max(texts / 4.0, Math.min(texts * 4.0, fitting));
    texts = (int) Math.max(1, Math.min(MAX_TEXTS, Math.round(bounded)));
  }
}
