/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import java.util.List;

/**
 * How often values of which size occurred, as counts of buckets that grow by the fourth root of
 * two; a quantile is therefore exact to a fifth. Immutable.
 *
 * @param buckets those that hold anything, by rising limit
 * @param count number of values
 * @param sum of all values
 * @param max largest value, exactly; 0 if there is none
 */
public record Histogram(List<Bucket> buckets, long count, double sum, double max) {

  /**
   * Values between two limits.
   *
   * @param above exclusive lower limit
   * @param upTo inclusive upper limit
   * @param count number of values
   */
  public record Bucket(double above, double upTo, long count) {}

  /** Copies the list. */
  public Histogram {
    buckets = List.copyOf(buckets);
  }

  /** The average; 0 if there is no value. */
  public double mean() {
    return count == 0 ? 0 : sum / count;
  }

  /**
   * The value that a given part of all values does not exceed, as the upper limit of its bucket.
   *
   * @param part from 0 to 1
   * @return 0 if there is no value
   */
  public double quantile(double part) {
    if (!(part >= 0 && part <= 1)) {
      throw new IllegalArgumentException("a quantile is between 0 and 1, got " + part);
    }
    long seen = 0;
    for (Bucket bucket : buckets) {
      seen += bucket.count;
      if (seen >= part * count) {
        return Math.min(max, bucket.upTo);
      }
    }
    return max;
  }
}
