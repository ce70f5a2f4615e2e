/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class AxisTest {

  @Test
  void marksRoundNumbers() {
    assertEquals(List.of(0.0, 20.0, 40.0, 60.0, 80.0), Axis.fromZero(67.9).ticks());
    List<Double> logarithmic = Axis.logarithmic(0.06, 2).ticks();
    assertEquals(
        List.of("0.05", "0.1", "0.2", "0.5", "1", "2"),
        logarithmic.stream().map(Numbers::tick).toList());
    assertEquals(0.5, new Axis(1, 100, true).place(10), 1e-12);
    assertTrue(Axis.around(0.5, 0.5).ticks().stream().allMatch(Double::isFinite));
  }

  @Test
  void endsAtOneWhereNothingIsAboveZero() {
    for (double largest : new double[] {0, -0.0, -0.3, Double.NaN}) {
      Axis axis = Axis.fromZero(largest);
      assertEquals(1, axis.most());
      assertEquals(6, axis.ticks().size());
    }
  }
}
