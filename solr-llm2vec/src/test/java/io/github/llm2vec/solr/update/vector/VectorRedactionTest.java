/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Random;
import java.util.stream.Collectors;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.junit.jupiter.api.Test;

class VectorRedactionTest {

  private static String vector(int width) {
    Random random = new Random(width);
    return random
        .doubles(width, -1, 1)
        .mapToObj(value -> "" + (float) (random.nextInt(9) == 0 ? value * 1e-6 : value))
        .collect(Collectors.joining(", "));
  }

  @Test
  void vectorsOfAnyWidthAreCounted() {
    for (int width : new int[] {8, 512, 16384}) {
      String message = "Error adding field 'vector'='[%s]' msg=wrong".formatted(vector(width));
      assertEquals(
          "Error adding field 'vector'='[%d numbers]' msg=wrong".formatted(width),
          VectorRedaction.of(message));
    }
  }

  @Test
  void otherNumbersStay() {
    String message = "expected 4096, found 512 (of 1, 2, 3 at 10.5)";
    assertEquals(message, VectorRedaction.of(message));
    SolrException harmless = new SolrException(ErrorCode.BAD_REQUEST, message);
    assertSame(harmless, VectorRedaction.of(harmless));
  }

  @Test
  void theExceptionKeepsItsCodeAndMetadata() {
    SolrException thrown = new SolrException(ErrorCode.CONFLICT, "of [" + vector(64) + "]");
    thrown.setMetadata("key", "value");
    SolrException without = VectorRedaction.of(thrown);
    assertEquals("of [64 numbers]", without.getMessage());
    assertEquals(ErrorCode.CONFLICT.code, without.code());
    assertEquals("value", without.getMetadata("key"));
  }
}
