/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.function.DoubleUnaryOperator;

/** Activations of PyTorch by the names of their classes, with their default settings. */
final class Activations {

  /** Terms of the series and of the continued fraction, more than double precision asks for. */
  private static final int TERMS = 80;

  private Activations() {}

  /**
   * Finds an activation.
   *
   * @throws IllegalArgumentException if it is not known
   */
  static DoubleUnaryOperator named(String name) {
    return switch (name) {
      case "Identity" -> x -> x;
      case "Tanh" -> Math::tanh;
      case "ReLU" -> x -> Math.max(0, x);
      case "ReLU6" -> x -> Math.min(6, Math.max(0, x));
      case "LeakyReLU" -> x -> x < 0 ? 0.01 * x : x;
      case "ELU" -> x -> x < 0 ? Math.expm1(x) : x;
      case "GELU" -> x -> x / 2 * (1 + erf(x / Math.sqrt(2)));
      case "SiLU" -> x -> x * sigmoid(x);
      case "Sigmoid" -> Activations::sigmoid;
      case "Softplus" -> x -> x > 20 ? x : Math.log1p(Math.exp(x));
      case "Softsign" -> x -> x / (1 + Math.abs(x));
      case "Mish" -> x -> x * Math.tanh(x > 20 ? x : Math.log1p(Math.exp(x)));
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** The error function: its Taylor series near zero, else the continued fraction of erfc. */
  private static double erf(double x) {
    double z = Math.abs(x);
    if (z < 2.5) {
      double term = z;
      double sum = z;
      for (int n = 1; n < TERMS; n++) {
        term *= -z * z / n;
        sum += term / (2 * n + 1);
      }
      return Math.signum(x) * 2 / Math.sqrt(Math.PI) * sum;
    }
    double fraction = z;
    for (int n = TERMS; n > 0; n--) {
      fraction = z + n / 2.0 / fraction;
    }
    return Math.signum(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction);
  }
}
