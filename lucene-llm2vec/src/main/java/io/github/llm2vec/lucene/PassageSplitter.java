/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;
import java.util.Objects;

/**
 * Cuts long texts into passages that an encoder takes whole.
 *
 * @param windows finds the passages
 * @param tokens most tokens in a passage; leave room for the title, which is encoded with every
 *     passage, and for the encoder's own tokens
 * @param overlap tokens that a passage shares with the one before it, so that a sentence across a
 *     border is whole in one of them
 */
public record PassageSplitter(TokenWindows windows, int tokens, int overlap) {

  /** Rejects windows that would not move forward. */
  public PassageSplitter {
    Objects.requireNonNull(windows, "windows");
    if (tokens < 1) {
      throw new IllegalArgumentException("tokens must be at least 1, got " + tokens);
    }
    if (overlap < 0 || overlap >= tokens) {
      throw new IllegalArgumentException(
          "overlap must be at least 0 and below tokens = " + tokens + ", got " + overlap);
    }
  }

  /** The passages of a text in its order, without blank ones. */
  public List<TextRange> split(String text) {
    return windows.windows(text, tokens, overlap).stream()
        .filter(range -> !range.of(text).isBlank())
        .toList();
  }
}
