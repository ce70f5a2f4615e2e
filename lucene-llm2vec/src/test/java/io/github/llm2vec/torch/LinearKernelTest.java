/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Packed layers meet few numbers of rows, and few rows that hold no token. */
class LinearKernelTest {

  private static final int LARGEST = 1 << 15;

  @Test
  void packedLayersMeetFewNumbersOfRows() {
    Set<Integer> met = new TreeSet<>();
    for (int tokens = 1; tokens <= LARGEST; tokens++) {
      int rows = LinearKernel.PACKED.rows(tokens);
      assertTrue(rows >= tokens, tokens + " tokens in " + rows + " rows");
      assertTrue(rows - tokens < Math.max(8, tokens / 8.0), tokens + " tokens in " + rows);
      assertEquals(rows, LinearKernel.PACKED.rows(rows));
      met.add(rows);
    }
    // Eight to 64, then eight for each of nine doublings.
    assertEquals(8 + 8 * 9, met.size(), met::toString);
  }

  @Test
  void plainLayersMeetTheTokensAlone() {
    for (int tokens : new int[] {1, 7, 65, 1000, LARGEST}) {
      assertEquals(tokens, LinearKernel.PLAIN.rows(tokens));
    }
  }
}
