/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.node.EncodedText;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.junit.jupiter.api.Test;

class BatchEncoderTest {

  private final List<Integer> calls = new ArrayList<>();

  /** Encodes "17" as [17], unless one of the texts is bad. */
  private BatchEncoder encoder(Predicate<String> bad) {
    return new BatchEncoder(
        texts -> {
          calls.add(texts.size());
          texts.stream()
              .filter(bad)
              .findFirst()
              .ifPresent(
                  text -> {
                    throw new IllegalArgumentException("bad " + text);
                  });
          return texts.stream().<EncodedText>map(text -> vector(Float.parseFloat(text))).toList();
        });
  }

  private static EncodedText vector(float... values) {
    return new EncodedText.Vector(values);
  }

  private static List<String> numbers(int count) {
    return IntStream.rangeClosed(1, count).mapToObj(Integer::toString).toList();
  }

  @Test
  void goodTextsTakeOneCall() {
    List<Outcome> outcomes = encoder(text -> false).encode(numbers(100));
    assertEquals(List.of(100), calls);
    assertEquals(List.of(100f), assertInstanceOf(Outcome.Encoded.class, outcomes.get(99)).vector());
    assertEquals(List.of(), encoder(text -> true).encode(List.of()));
  }

  @Test
  void exactlyTheBadTextsFail() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      calls.clear();
      List<String> texts = numbers(1 + random.nextInt(200));
      List<String> bad = texts.stream().filter(text -> random.nextInt(40) == 0).toList();
      List<Outcome> outcomes = encoder(bad::contains).encode(texts);
      assertEquals(texts.size(), outcomes.size());
      for (int i = 0; i < texts.size(); i++) {
        String text = texts.get(i);
        if (bad.contains(text)) {
          Outcome.Failed failed = assertInstanceOf(Outcome.Failed.class, outcomes.get(i));
          assertEquals("bad " + text, failed.cause().getMessage(), "seed " + seed);
        } else {
          Outcome.Encoded encoded = assertInstanceOf(Outcome.Encoded.class, outcomes.get(i));
          assertEquals(List.of(Float.parseFloat(text)), encoded.vector(), "seed " + seed);
        }
      }
      int depth = 32 - Integer.numberOfLeadingZeros(texts.size() - 1);
      assertTrue(
          calls.size() <= 1 + 2 * bad.size() * depth,
          calls.size() + " calls for " + bad.size() + " bad texts, seed " + seed);
    }
  }

  @Test
  void brokenEncoderIsGivenUp() {
    List<Outcome> outcomes = encoder(text -> true).encode(numbers(1000));
    assertEquals(1000, outcomes.size());
    assertTrue(outcomes.stream().allMatch(outcome -> outcome instanceof Outcome.Failed));
    assertTrue(calls.size() < 60, calls.size() + " calls");
  }

  @Test
  void vectorThatIsNotFiniteFailsAlone() {
    List<Outcome> outcomes =
        new BatchEncoder(texts -> List.of(vector(1, 2), vector(3, Float.NaN), vector(5, 6)))
            .encode(numbers(3));
    assertInstanceOf(Outcome.Encoded.class, outcomes.get(0));
    assertEquals(
        "the model gave NaN at dimension 1 of the vector",
        assertInstanceOf(Outcome.Failed.class, outcomes.get(1)).cause().getMessage());
    assertInstanceOf(Outcome.Encoded.class, outcomes.get(2));
  }

  @Test
  void textWhoseFailureIsToldCostsItsNeighboursNothing() {
    RuntimeException cause = new IllegalStateException("bad");
    List<Outcome> outcomes =
        new BatchEncoder(
                texts -> {
                  calls.add(texts.size());
                  return List.of(vector(1), new EncodedText.Failure(cause), vector(3));
                })
            .encode(numbers(3));
    assertEquals(List.of(1f), assertInstanceOf(Outcome.Encoded.class, outcomes.get(0)).vector());
    assertSame(cause, assertInstanceOf(Outcome.Failed.class, outcomes.get(1)).cause());
    assertEquals(List.of(3f), assertInstanceOf(Outcome.Encoded.class, outcomes.get(2)).vector());
    assertEquals(List.of(3), calls);
  }

  @Test
  void missingModelIsNoFaultOfATextAndAsksOnce() {
    BatchEncoder encoder =
        new BatchEncoder(
            texts -> {
              calls.add(texts.size());
              throw new SolrException(ErrorCode.SERVICE_UNAVAILABLE, "not there");
            });
    assertThrows(SolrException.class, () -> encoder.encode(numbers(10)));
    assertEquals(List.of(10), calls);
  }
}
