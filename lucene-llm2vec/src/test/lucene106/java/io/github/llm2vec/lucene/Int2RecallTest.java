/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class Int2RecallTest {

  @Test
  void overfetchMakesUpForTwoBitsPerDimension() throws Exception {
    ClusteredVectors source = new ClusteredVectors(7, 40, 1024, 1);
    RecallCheck check = new RecallCheck(source.next(1000), source.next(30));
    try (VectorIndex index =
        check.index(VectorFormatOptions.DEFAULTS.withQuantization(VectorQuantization.INT2), 1)) {
      double raw = check.recall(index, KnnOptions.top(10).withOverfetch(1));
      double tuned = check.recall(index, KnnOptions.top(10).withOverfetch(5));
      assertTrue(tuned >= 0.97 && raw < tuned, "recall@10 was " + raw + ", then " + tuned);
    }
  }
}
