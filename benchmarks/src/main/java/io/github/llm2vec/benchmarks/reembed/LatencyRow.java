/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.function.LongPredicate;

/**
 * How long the queries of a part of the run took.
 *
 * @param name of that part
 * @param queries number of them
 * @param failed those that got no answer, or too few hits
 * @param p50 median in milliseconds
 * @param p99 99th percentile, by nearest rank
 * @param longest of all
 */
record LatencyRow(String name, int queries, long failed, double p50, double p99, double longest) {

  /** The head of the table. */
  static final String HEAD =
      """
      | queries | number | failed | p50, ms | p99, ms | longest, ms | p99 / before |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: |""";

  /**
   * Takes the queries that were due in some time.
   *
   * @param when whether a moment by {@link System#nanoTime} belongs to it
   */
  static LatencyRow of(String name, Collection<QueryLoad.Sample> samples, LongPredicate when) {
    double[] millis =
        samples.stream()
            .filter(sample -> when.test(sample.due()))
            .mapToDouble(sample -> sample.nanos() / 1e6)
            .sorted()
            .toArray();
    long failed =
        samples.stream()
            .filter(sample -> when.test(sample.due()) && sample.failure().isPresent())
            .count();
    return new LatencyRow(
        name,
        millis.length,
        failed,
        percentile(millis, 0.5),
        percentile(millis, 0.99),
        Arrays.stream(millis).max().orElse(0));
  }

  private static double percentile(double[] sorted, double part) {
    return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
  }

  /** A row of the table. */
  String beside(LatencyRow before) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %d | %.1f | %.1f | %.1f | %.2f |",
        name,
        queries,
        failed,
        p50,
        p99,
        longest,
        before.p99 > 0 ? p99 / before.p99 : 0);
  }
}
