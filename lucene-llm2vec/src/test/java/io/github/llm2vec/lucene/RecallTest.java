/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RecallTest {

  private static final int K = 10;

  @ParameterizedTest
  @CsvSource({"FLOAT32,1", "FLOAT32,4", "INT8,1", "INT4,4"})
  void theDefaultsFindTheTrueNeighbours(VectorQuantization quantization, int segments)
      throws Exception {
    ClusteredVectors source = new ClusteredVectors(7, 40, 256, 1);
    RecallCheck check = new RecallCheck(source.next(2000), source.next(50));
    VectorFormatOptions options = VectorFormatOptions.DEFAULTS.withQuantization(quantization);
    try (VectorIndex index = check.index(options, segments)) {
      double tuned = check.recall(index, KnnOptions.top(K));
      assertTrue(tuned >= 0.99, "recall@10 was " + tuned);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = VectorQuantization.class,
      names = {"FLOAT32", "INT8", "INT4"})
  void aBeamOfKFindsFewer(VectorQuantization quantization) throws Exception {
    ClusteredVectors source = new ClusteredVectors(7, 40, 64, 1);
    RecallCheck check = new RecallCheck(source.next(2000), source.next(50));
    VectorFormatOptions options = VectorFormatOptions.DEFAULTS.withQuantization(quantization);
    try (VectorIndex index = check.index(options, 1)) {
      double tuned = check.recall(index, KnnOptions.top(K));
      double narrow = check.recall(index, KnnOptions.top(K).withEfSearch(K).withOverfetch(1));
      assertTrue(narrow < tuned, "recall@10 was " + narrow + " narrow and " + tuned + " wide");
    }
  }
}
