/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * The range of numbers that a key accepts.
 *
 * @param least the smallest
 * @param most the largest, which may be infinite
 * @param openBelow whether {@code least} itself is not possible
 * @param openAbove whether {@code most} itself is not possible
 */
record Range(double least, double most, boolean openBelow, boolean openAbove) {

  static final Range NOT_NEGATIVE = new Range(0, Double.POSITIVE_INFINITY, false, true);
  static final Range POSITIVE = new Range(0, Double.POSITIVE_INFINITY, true, true);
  static final Range SHARE = new Range(0, 1, false, false);
  static final Range BELOW_ONE = new Range(0, 1, false, true);
  static final Range POSITIVE_SHARE = new Range(0, 1, true, false);

  boolean contains(double value) {
    boolean above = openBelow ? value > least : value >= least;
    boolean below = openAbove ? value < most : value <= most;
    return above && below;
  }

  String description() {
    String lower = (openBelow ? "above " : "of at least ") + plain(least);
    String upper = (openAbove ? " and below " : " and at most ") + plain(most);
    return "a number " + lower + (Double.isInfinite(most) ? "" : upper);
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
