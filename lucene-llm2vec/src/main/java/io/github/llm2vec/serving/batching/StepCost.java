/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import org.apiguardian.api.API;

/**
 * Cost of a batch on a device, as a linear model: {@code ms = fixedMillis + millisPerToken * tokens
 * + millisPerSquare * (sum of the squared lengths)}. The fixed part is the reading of the weights,
 * the linear part their use, the squared one attention. For texts longer than any that were
 * measured the squared part grows as the linear one does, since steps of short texts tell nothing
 * about it but noise.
 *
 * @param fixedMillis what even the smallest batch costs
 * @param millisPerToken what every position costs
 * @param millisPerSquare what every pair of positions of one text costs
 * @param seenLength up to which length of texts, in tokens, this was measured
 */
@API(status = API.Status.STABLE)
public record StepCost(
    double fixedMillis, double millisPerToken, double millisPerSquare, double seenLength) {

  /** The cost before anything was measured: nothing. */
  public static final StepCost UNKNOWN = new StepCost(0, 0, 0, 0);

  /** Rejects what no device can cost. */
  public StepCost {
    requireCost("fixedMillis", fixedMillis);
    requireCost("millisPerToken", millisPerToken);
    requireCost("millisPerSquare", millisPerSquare);
    requireCost("seenLength", seenLength);
  }

  /** A cost that holds for texts of any length. */
  public StepCost(double fixedMillis, double millisPerToken, double millisPerSquare) {
    this(fixedMillis, millisPerToken, millisPerSquare, Double.MAX_VALUE);
  }

  /** Whether there is no measurement behind this. */
  public boolean isUnknown() {
    return fixedMillis == 0 && millisPerToken == 0 && millisPerSquare == 0;
  }

  /** Estimated milliseconds of a batch. */
  public double millis(long tokens, long squares) {
    return fixedMillis
        + millisPerToken * tokens
        + millisPerSquare * Math.min((double) squares, seenLength * tokens);
  }

  private static void requireCost(String name, double value) {
    // Written so that NaN fails too.
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be at least 0, got " + value);
    }
  }
}
