/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Computes the padded lengths of the Python library's batches: texts are sorted by descending
 * number of characters and cut into batches of a fixed size, and every row of a batch is as long as
 * its longest. Only needed where upstream's result depends on padding ({@link
 * CompatibilityFlag#EMPTY_POOLS_PADDING}).
 */
final class UpstreamPadding {

  /** {@code batch_size} of upstream's {@code encode}. */
  private static final int BATCH_SIZE = 32;

  private UpstreamPadding() {}

  /**
   * Row lengths in the order of the texts.
   *
   * @param characters length of every marked text
   * @param tokens length of every text in tokens
   */
  static int[] lengths(int[] characters, int[] tokens) {
    List<Integer> order =
        IntStream.range(0, tokens.length)
            .boxed()
            .sorted(Comparator.comparingInt((Integer i) -> characters[i]).reversed())
            .toList();
    int[] rows = new int[tokens.length];
    for (int start = 0; start < rows.length; start += BATCH_SIZE) {
      List<Integer> batch = order.subList(start, Math.min(rows.length, start + BATCH_SIZE));
      int longest = batch.stream().mapToInt(i -> tokens[i]).max().orElse(0);
      batch.forEach(i -> rows[i] = longest);
    }
    return rows;
  }
}
