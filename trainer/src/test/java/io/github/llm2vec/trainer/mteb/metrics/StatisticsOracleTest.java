/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Correlations and paired tests equal scipy's, on what {@code make_statistics_cases.py} wrote. */
class StatisticsOracleTest {

  private static JsonNode cases(String name) throws IOException {
    try (InputStream in = StatisticsOracleTest.class.getResourceAsStream("/mteb/statistics.json")) {
      return new ObjectMapper().readTree(in).get(name);
    }
  }

  private static double[] numbers(JsonNode list) {
    double[] numbers = new double[list.size()];
    Arrays.setAll(numbers, i -> list.get(i).asDouble());
    return numbers;
  }

  private static double number(JsonNode value) {
    return value.isNull() ? Double.NaN : value.asDouble();
  }

  @Test
  void correlationsEqualScipys() throws IOException {
    for (JsonNode expected : cases("correlations")) {
      double[] left = numbers(expected.get("left"));
      double[] right = numbers(expected.get("right"));
      String name = expected.get("name").asText();
      assertEquals(number(expected.get("pearson")), Correlation.pearson(left, right), 1e-12, name);
      assertEquals(
          number(expected.get("spearman")), Correlation.spearman(left, right), 1e-12, name);
    }
  }

  @Test
  void pairedTestsEqualScipys() throws IOException {
    for (JsonNode expected : cases("paired")) {
      double[] first = numbers(expected.get("first"));
      double[] second = numbers(expected.get("second"));
      String name = expected.get("name").asText();
      PairedTest test = PairedTest.tTest(first, second);
      double p = number(expected.get("t_test"));
      assertEquals(p, test.pValue(), Math.max(1e-300, p * 1e-9), name);
      assertEquals(expected.get("mean_difference").asDouble(), test.meanDifference(), 1e-12, name);
      assertEquals(first.length, test.queries());
      if (expected.has("randomisation")) {
        assertEquals(
            expected.get("randomisation").asDouble(),
            PairedTest.randomisation(first, second, 1000, 3).pValue(),
            1e-12,
            name);
      }
    }
  }

  @Test
  void sampledRandomisationIsNearTheTTestAndRepeatable() throws IOException {
    for (JsonNode expected : cases("paired")) {
      double[] first = numbers(expected.get("first"));
      double[] second = numbers(expected.get("second"));
      if (first.length >= 50) {
        PairedTest test = PairedTest.randomisation(first, second, 20_000, 5);
        // Four standard errors of a share of 0.5 in 20,000 samples, and what the tests differ by.
        assertEquals(number(expected.get("t_test")), test.pValue(), 0.02);
        assertEquals(test, PairedTest.randomisation(first, second, 20_000, 5));
        assertTrue(test.pValue() >= 1 / 20_001.0);
      }
    }
  }

  @Test
  void systemsThatNeverDifferAreNotDifferent() {
    double[] values = {0.1, 0.2, 0.3};
    assertEquals(1, PairedTest.randomisation(values, values, 10, 1).pValue());
    assertEquals(Double.NaN, PairedTest.tTest(values, values).pValue());
  }

  @Test
  void refusesListsThatAreNoPairs() {
    IllegalArgumentException failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> Correlation.spearman(new double[3], new double[4]));
    assertTrue(failure.getMessage().contains("got 3 and 4"), failure.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> PairedTest.tTest(new double[3], new double[4]));
  }
}
