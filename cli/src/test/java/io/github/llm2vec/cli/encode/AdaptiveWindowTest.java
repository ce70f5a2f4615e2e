/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.encode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AdaptiveWindowTest {

  @Test
  void settlesWhereAWindowTakesFourSeconds() {
    AdaptiveWindow window = new AdaptiveWindow();
    for (int i = 0; i < 10; i++) {
      window.took(window.texts(), window.texts() * 10_000_000L);
    }
    assertEquals(400, window.texts());
  }

  @Test
  void staysWithinItsLimitsWhateverTheClockSays() {
    AdaptiveWindow window = new AdaptiveWindow();
    for (int i = 0; i < 20; i++) {
      int before = window.texts();
      window.took(before, 0);
      assertTrue(window.texts() <= 4 * before);
    }
    assertEquals(8192, window.texts());
    for (int i = 0; i < 20; i++) {
      window.took(window.texts(), Long.MAX_VALUE);
    }
    assertEquals(1, window.texts());
  }
}
