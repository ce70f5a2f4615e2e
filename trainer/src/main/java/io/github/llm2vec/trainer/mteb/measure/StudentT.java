/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.measure;

/**
 * Student's t distribution by the regularised incomplete beta function (Abramowitz and Stegun,
 * 26.7.1 and 26.5.8).
 */
final class StudentT {

  private static final double EPSILON = 1e-16;
  private static final double TINY = 1e-300;
  private static final int MOST_TERMS = 10_000;

  // Lanczos' approximation with g = 7 and nine terms, as in Godfrey's note of 2001.
  private static final double LANCZOS_G = 7;
  private static final double[] LANCZOS = {
    0.9999999999998099,
    676.5203681218851,
    -1259.1392167224028,
    771.3234287776531,
    -176.6150291621406,
    12.507343278686905,
    -0.13857109526572012,
    9.984369578019572e-6,
    1.5056327351493116e-7
  };

  private StudentT() {}

  /** The chance of a value at least as far from 0 as {@code t}. */
  static double twoSided(double t, double degreesOfFreedom) {
    if (Double.isInfinite(t)) {
      return 0;
    }
    double x = degreesOfFreedom / (degreesOfFreedom + t * t);
    return incompleteBeta(degreesOfFreedom / 2, 0.5, x);
  }

  /** I_x(a, b), between 0 and 1. */
  private static double incompleteBeta(double a, double b, double x) {
    if (x <= 0 || x >= 1) {
      return x <= 0 ? 0 : 1;
    }
    double front =
        Math.exp(
            logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
    // The fraction converges fast on one side of the mean; the other side is its mirror.
    return x < (a + 1) / (a + b + 2)
        ? front * fraction(a, b, x) / a
        : 1 - front * fraction(b, a, 1 - x) / b;
  }

  /** The continued fraction by Lentz's method. */
  private static double fraction(double a, double b, double x) {
    double c = 1;
    double d = 1 / nonZero(1 - (a + b) * x / (a + 1));
    double value = d;
    for (int m = 1; m < MOST_TERMS; m++) {
      double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 / nonZero(1 + even * d);
      c = nonZero(1 + even / c);
      value *= d * c;
      double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / nonZero(1 + odd * d);
      c = nonZero(1 + odd / c);
      value *= d * c;
      if (Math.abs(d * c - 1) < EPSILON) {
        break;
      }
    }
    return value;
  }

  private static double nonZero(double value) {
    return Math.abs(value) < TINY ? TINY : value;
  }

  private static double logGamma(double x) {
    double series = LANCZOS[0];
    for (int i = 1; i < LANCZOS.length; i++) {
      series += LANCZOS[i] / (x - 1 + i);
    }
    double t = x - 0.5 + LANCZOS_G;
    return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
  }
}
