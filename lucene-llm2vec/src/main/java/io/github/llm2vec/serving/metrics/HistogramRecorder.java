/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import java.util.ArrayList;
import java.util.List;
import org.apiguardian.api.API;

/** Counts values into the buckets of a {@link Histogram}. Not thread-safe. */
@API(status = API.Status.INTERNAL)
public final class HistogramRecorder {

  /** Upper limit of the first bucket; the last one ends at about 30 million. */
  private static final double FIRST = 0.01;

  private static final int BUCKETS = 128;
  private static final int PER_DOUBLING = 4;

  private final long[] counts = new long[BUCKETS];
  private long count;
  private double sum;
  private double max;

  public void record(double value) {
    counts[bucket(value)]++;
    count++;
    sum += value;
    max = Math.max(max, value);
  }

  public Histogram snapshot() {
    List<Histogram.Bucket> buckets = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      if (counts[i] > 0) {
        double above = i == 0 ? 0 : limit(i - 1);
        double upTo = i == BUCKETS - 1 ? Double.POSITIVE_INFINITY : limit(i);
        buckets.add(new Histogram.Bucket(above, upTo, counts[i]));
      }
    }
    return new Histogram(buckets, count, sum, max);
  }

  private static int bucket(double value) {
    if (value <= FIRST) {
      return 0;
    }
    double doublings = Math.log(value / FIRST) / Math.log(2);
    return (int) Math.min(BUCKETS - 1, Math.ceil(PER_DOUBLING * doublings - 1e-9));
  }

  private static double limit(int bucket) {
    return FIRST * Math.pow(2, (double) bucket / PER_DOUBLING);
  }
}
