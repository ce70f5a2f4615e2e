/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * A paired significance test of two systems on the same queries: t-test or randomisation.
 *
 * @param queries number of pairs
 * @param meanDifference mean of the second system's value less the first's
 * @param pValue how likely at least this difference in size is if the systems do not differ,
 *     two-sided; NaN if there are too few pairs or, for the t-test, all differences are equal
 */
public record PairedTest(int queries, double meanDifference, double pValue) {

  /** Flips for which the randomisation test is done exactly at most: 2 to this power. */
  private static final int EXACT_PAIRS = 20;

  // Sums of the same numbers in another order differ in their last bits; they are equal here.
  private static final double SAME = 1 + 1e-12;

  /**
   * The paired t-test, which takes the differences as normally distributed. Equal to scipy's {@code
   * ttest_rel}.
   *
   * @param first values of the first system
   * @param second values of the second, in the same order of queries
   */
  public static PairedTest tTest(double[] first, double[] second) {
    double[] differences = differences(first, second);
    int n = differences.length;
    double mean = mean(differences);
    if (n < 2) {
      return new PairedTest(n, mean, Double.NaN);
    }
    double squares = 0;
    for (double difference : differences) {
      squares += (difference - mean) * (difference - mean);
    }
    double t = mean / Math.sqrt(squares / (n - 1) / n);
    double p =
        Double.isNaN(t) ? Double.NaN : 2 * TDistribution.of(n - 1).survivalProbability(Math.abs(t));
    return new PairedTest(n, mean, p);
  }

  /**
   * Fisher's randomisation test, which takes nothing for granted but that under no difference each
   * pair could as well be the other way round. Recommended for retrieval by Smucker, Allan,
   * Carterette, "A comparison of statistical significance tests for information retrieval
   * evaluation", CIKM 2007. Up to 20 pairs that differ all ways are tried; with more, a sample, in
   * which the observed one counts as one of the ways.
   *
   * @param first values of the first system
   * @param second values of the second, in the same order of queries
   * @param samples ways to try if they are too many
   * @param seed of the sample; the same seed gives the same p-value
   */
  public static PairedTest randomisation(double[] first, double[] second, int samples, long seed) {
    if (samples < 1) {
      throw new IllegalArgumentException("samples must be at least 1, got " + samples);
    }
    double[] all = differences(first, second);
    double mean = mean(all);
    double[] differences = Arrays.stream(all).filter(difference -> difference != 0).toArray();
    double p =
        differences.length <= EXACT_PAIRS
            ? exact(differences)
            : sampled(differences, samples, new SplittableRandom(seed));
    return new PairedTest(all.length, mean, p);
  }

  private static double exact(double[] differences) {
    double observed = Math.abs(sum(differences, -1L));
    long ways = 1L << differences.length;
    long asLarge = 0;
    for (long signs = 0; signs < ways; signs++) {
      asLarge += Math.abs(sum(differences, signs)) * SAME >= observed ? 1 : 0;
    }
    return (double) asLarge / ways;
  }

  private static double sampled(double[] differences, int samples, SplittableRandom random) {
    double observed = Math.abs(sum(differences, -1L));
    long asLarge = 1;
    for (int sample = 0; sample < samples; sample++) {
      double sum = 0;
      for (double difference : differences) {
        sum += random.nextBoolean() ? difference : -difference;
      }
      asLarge += Math.abs(sum) * SAME >= observed ? 1 : 0;
    }
    return asLarge / (samples + 1.0);
  }

  /** The sum in which a difference has its own sign where the bit of its index is set. */
  private static double sum(double[] differences, long signs) {
    double sum = 0;
    for (int i = 0; i < differences.length; i++) {
      sum += (signs >>> Math.min(i, 63) & 1) == 1 ? differences[i] : -differences[i];
    }
    return sum;
  }

  private static double[] differences(double[] first, double[] second) {
    if (first.length != second.length) {
      throw new IllegalArgumentException(
          "a paired test needs as many values of the first system as of the second, got %s and %s"
              .formatted(first.length, second.length));
    }
    double[] differences = new double[first.length];
    for (int i = 0; i < first.length; i++) {
      differences[i] = second[i] - first[i];
    }
    return differences;
  }

  private static double mean(double[] values) {
    return values.length == 0 ? 0 : sum(values, -1L) / values.length;
  }
}
