/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Learns what batches cost on the device at hand: recursive least squares with exponential
 * forgetting (Haykin, Adaptive Filter Theory, chapter on RLS) of the three coefficients of {@link
 * StepCost}, none negative.
 *
 * <p>Errors count relative to the step's time, so that small steps shape the fixed part as much as
 * large ones shape the rest. Where the steps of late do not tell the coefficients apart, because
 * all were alike, they stay near what they were.
 *
 * <p>A step far off the estimate says nothing about the coefficients and is left out. If most of
 * the last few steps took about so many times their estimate, the device has become slower or
 * faster, and everything learnt so far is scaled to it.
 *
 * <p>Not thread-safe.
 */
public final class CostModel {

  /** Weight of an observation after one more; the last hundred or so count. */
  private static final double FORGETTING = 0.99;

  /** Pull towards the coefficients so far, relative to the weight of the observations. */
  private static final double INERTIA = 1e-3;

  /** A step that took so many times its estimate, or as small a part of it, is an outlier. */
  private static final double MOST_SURPRISE = 4;

  /** The device has changed if the median step took so many times its estimate, or such a part. */
  private static final double CHANGE = 2;

  /** How many steps the median is of: at least, and at most. */
  private static final int FEWEST = 3;

  private static final int MOST = 5;

  /** Observations from which on an estimate is good enough to call a step an outlier. */
  private static final int SETTLED = 8;

  /** Shorter times are below what the clock tells apart. */
  private static final double LEAST_MILLIS = 1e-3;

  private final double[][] products = new double[3][3];
  private final double[] sums = new double[3];
  private final Deque<Double> ratios = new ArrayDeque<>();
  private int observations;
  private int outliers;
  private StepCost cost = StepCost.UNKNOWN;

  /** The estimate so far. */
  public StepCost cost() {
    return cost;
  }

  /**
   * Learns from a step.
   *
   * @param tokens positions that went through the linear layers, at least one
   * @param squares sum of the squared lengths, at least one
   * @param millis how long it took
   */
  public void observe(long tokens, long squares, double millis) {
    double taken = Math.max(LEAST_MILLIS, millis);
    if (observations >= SETTLED) {
      follow(taken / estimate(tokens, squares));
      double estimate = estimate(tokens, squares);
      boolean outlier = taken > MOST_SURPRISE * estimate || taken < estimate / MOST_SURPRISE;
      outliers = outlier ? outliers + 1 : 0;
      if (outlier && outliers <= MOST) {
        return;
      }
      // So many in a row are no outliers: the coefficients are wrong.
      taken = Math.min(Math.max(taken, estimate / MOST_SURPRISE), MOST_SURPRISE * estimate);
    }
    double[] row = {1 / taken, tokens / taken, squares / taken};
    for (int i = 0; i < 3; i++) {
      sums[i] = FORGETTING * sums[i] + row[i];
      for (int j = 0; j < 3; j++) {
        products[i][j] = FORGETTING * products[i][j] + row[i] * row[j];
      }
    }
    observations++;
    double seen = Math.max(cost.isUnknown() ? 0 : cost.seenLength(), (double) squares / tokens);
    cost = observations == 1 ? new StepCost(0, taken / tokens, 0, seen) : fit(seen);
  }

  private double estimate(long tokens, long squares) {
    return Math.max(LEAST_MILLIS, cost.millis(tokens, squares));
  }

  /** Scales what was learnt to a device that has become slower or faster. */
  private void follow(double ratio) {
    ratios.addLast(ratio);
    if (ratios.size() > MOST) {
      ratios.removeFirst();
    }
    if (ratios.size() < FEWEST) {
      return;
    }
    double[] sorted = ratios.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double median = sorted[sorted.length / 2];
    if (median > CHANGE || median < 1 / CHANGE) {
      ratios.clear();
      // As if every step so far had taken so many times as long.
      for (int i = 0; i < 3; i++) {
        sums[i] /= median;
        for (int j = 0; j < 3; j++) {
          products[i][j] /= median * median;
        }
      }
      cost =
          new StepCost(
              cost.fixedMillis() * median,
              cost.millisPerToken() * median,
              cost.millisPerSquare() * median,
              cost.seenLength());
    }
  }

  /** Fits in units in which all three unknowns are about as large. */
  private StepCost fit(double seenLength) {
    double[] previous = {cost.fixedMillis(), cost.millisPerToken(), cost.millisPerSquare()};
    double[] scale = new double[3];
    for (int i = 0; i < 3; i++) {
      scale[i] = Math.sqrt(products[i][i]);
    }
    double[][] matrix = new double[3][3];
    double[] right = new double[3];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        matrix[i][j] = products[i][j] / (scale[i] * scale[j]);
      }
      matrix[i][i] += INERTIA;
      right[i] = sums[i] / scale[i] + INERTIA * previous[i] * scale[i];
    }
    double[] solution = NonNegativeFit.solve(matrix, right);
    return new StepCost(
        solution[0] / scale[0], solution[1] / scale[1], solution[2] / scale[2], seenLength);
  }
}
