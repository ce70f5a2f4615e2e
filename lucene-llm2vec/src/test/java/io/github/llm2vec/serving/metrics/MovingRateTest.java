/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MovingRateTest {

  private static final long SECOND = 1_000_000_000L;

  @Test
  void isTheRateOfASteadyStreamFromTheStartOn() {
    MovingRate rate = new MovingRate(0);
    for (int second = 1; second <= 100; second++) {
      for (int part = 1; part <= 100; part++) {
        rate.add(5, (second - 1) * SECOND + part * SECOND / 100);
      }
      assertEquals(500, rate.perSecond(second * SECOND), 10);
    }
  }

  @Test
  void fadesWhenNothingComes() {
    MovingRate rate = new MovingRate(0);
    rate.add(1000, 50 * SECOND);
    double then = rate.perSecond(50 * SECOND);
    assertEquals(then / Math.E, rate.perSecond(60 * SECOND), 0.01 * then);
    assertEquals(0, rate.perSecond(500 * SECOND), 1e-6);
  }
}
