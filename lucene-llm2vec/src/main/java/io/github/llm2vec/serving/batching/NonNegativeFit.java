/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

/**
 * Least squares with no negative coefficient, for a handful of unknowns: minimises {@code x'Ax -
 * 2b'x} over {@code x >= 0} for a positive definite {@code A}. The solution is that of the ordinary
 * problem with some unknowns held at zero; with three there are eight choices, so all are tried.
 */
public final class NonNegativeFit {

  private NonNegativeFit() {}

  /**
   * Solves the problem.
   *
   * @param matrix A, symmetric and positive definite
   * @param right b
   */
  static double[] solve(double[][] matrix, double[] right) {
    double[] best = new double[right.length];
    double least = 0;
    for (int free = 1; free < 1 << right.length; free++) {
      double[] candidate = solveFree(matrix, right, free);
      double value = objective(matrix, right, candidate);
      if (isNonNegative(candidate) && value < least) {
        best = candidate;
        least = value;
      }
    }
    return best;
  }

  /** Solves for the unknowns whose bit is set, by Gaussian elimination; the others are zero. */
  private static double[] solveFree(double[][] matrix, double[] right, int free) {
    int size = right.length;
    double[][] rows = new double[size][size + 1];
    for (int i = 0; i < size; i++) {
      rows[i][i] = 1;
      if (isFree(free, i)) {
        for (int j = 0; j < size; j++) {
          rows[i][j] = isFree(free, j) ? matrix[i][j] : 0;
        }
        rows[i][size] = right[i];
      }
    }
    // No pivoting: a positive definite matrix needs none.
    for (int pivot = 0; pivot < size; pivot++) {
      for (int i = 0; i < size; i++) {
        double factor = i == pivot ? 0 : rows[i][pivot] / rows[pivot][pivot];
        for (int j = pivot; j <= size && factor != 0; j++) {
          rows[i][j] -= factor * rows[pivot][j];
        }
      }
    }
    double[] solution = new double[size];
    for (int i = 0; i < size; i++) {
      solution[i] = rows[i][size] / rows[i][i];
    }
    return solution;
  }

  private static boolean isFree(int free, int unknown) {
    return (free >> unknown & 1) == 1;
  }

  private static double objective(double[][] matrix, double[] right, double[] x) {
    double value = 0;
    for (int i = 0; i < x.length; i++) {
      value -= 2 * right[i] * x[i];
      for (int j = 0; j < x.length; j++) {
        value += x[i] * matrix[i][j] * x[j];
      }
    }
    return value;
  }

  private static boolean isNonNegative(double[] values) {
    for (double value : values) {
      if (!(value >= 0)) {
        return false;
      }
    }
    return true;
  }
}
