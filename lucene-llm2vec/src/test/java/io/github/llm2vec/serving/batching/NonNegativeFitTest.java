/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class NonNegativeFitTest {

  @Test
  void solvesAnOrdinarySystem() {
    double[][] matrix = {{4, 1, 0}, {1, 3, 1}, {0, 1, 2}};
    // A (1, 2, 3)
    double[] right = {6, 10, 8};
    assertArrayEquals(new double[] {1, 2, 3}, NonNegativeFit.solve(matrix, right), 1e-12);
  }

  /**
   * The conditions of Karush, Kuhn and Tucker: the gradient is zero where the solution is positive
   * and not negative where it is zero.
   */
  @Test
  void meetsTheConditionsOfAMinimum() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int run = 0; run < 2000; run++) {
      double[][] matrix = new double[3][3];
      double[] right = new double[3];
      for (int row = 0; row < 5; row++) {
        double[] x = {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
        double y = random.nextGaussian();
        for (int i = 0; i < 3; i++) {
          right[i] += x[i] * y;
          for (int j = 0; j < 3; j++) {
            matrix[i][j] += x[i] * x[j] + (i == j ? 0.01 : 0);
          }
        }
      }
      double[] solution = NonNegativeFit.solve(matrix, right);
      for (int i = 0; i < 3; i++) {
        double gradient = -right[i];
        for (int j = 0; j < 3; j++) {
          gradient += matrix[i][j] * solution[j];
        }
        assertTrue(solution[i] >= 0, "seed " + seed);
        assertTrue(gradient > -1e-8, "seed " + seed);
        assertTrue(solution[i] == 0 || gradient < 1e-8, "seed " + seed);
      }
    }
  }
}
