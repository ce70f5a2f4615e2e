/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.node.EncodedText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.junit.jupiter.api.Test;

class RetryingEncoderTest {

  private final List<Duration> pauses = new ArrayList<>();
  private final List<List<String>> calls = new ArrayList<>();

  /** Fails until so many pauses have been taken. */
  private RetryingEncoder encoder(OnError onError, int recovery, RuntimeException failure) {
    BatchEncoder batches =
        new BatchEncoder(
            texts -> {
              calls.add(texts);
              if (texts.contains("poison")) {
                // As a queue in front of a model hands it on.
                throw new IllegalStateException("poison", new IllegalArgumentException());
              }
              if (texts.contains("flaky") && pauses.size() < recovery) {
                throw failure;
              }
              return texts.stream()
                  .<EncodedText>map(text -> new EncodedText.Vector(new float[] {1}))
                  .toList();
            });
    return new RetryingEncoder(
        batches, new FailurePolicy(onError, "", 3, Duration.ofMillis(100)), pauses::add);
  }

  @Test
  void onlyWhatMayPassIsTriedAgainAfterGrowingPauses() {
    List<Outcome> outcomes =
        encoder(OnError.RETRY, 3, new IllegalStateException("busy"))
            .encode(List.of("a", "flaky", "poison", "b"));
    assertEquals(
        List.of(Duration.ofMillis(100), Duration.ofMillis(200), Duration.ofMillis(400)), pauses);
    assertInstanceOf(Outcome.Encoded.class, outcomes.get(0));
    assertInstanceOf(Outcome.Encoded.class, outcomes.get(1));
    assertEquals(
        "poison", assertInstanceOf(Outcome.Failed.class, outcomes.get(2)).cause().getMessage());
    assertInstanceOf(Outcome.Encoded.class, outcomes.get(3));
    assertEquals(List.of("flaky"), calls.get(calls.size() - 1));
  }

  @Test
  void triesAreBounded() {
    List<Outcome> outcomes =
        encoder(OnError.RETRY, 4, new IllegalStateException("busy")).encode(List.of("flaky"));
    assertEquals(3, pauses.size());
    assertEquals(
        "busy", assertInstanceOf(Outcome.Failed.class, outcomes.get(0)).cause().getMessage());
  }

  @Test
  void nothingIsTriedAgainUnasked() {
    for (OnError onError : List.of(OnError.FAIL, OnError.SKIP)) {
      encoder(onError, 1, new IllegalStateException("busy")).encode(List.of("flaky"));
      assertEquals(List.of(), pauses);
    }
  }

  @Test
  void modelThatIsNotThereIsWaitedForAndThenToldOf() {
    SolrException missing = new SolrException(ErrorCode.SERVICE_UNAVAILABLE, "not there");
    List<Outcome> outcomes = encoder(OnError.RETRY, 2, missing).encode(List.of("flaky", "b"));
    assertTrue(outcomes.stream().allMatch(Outcome.Encoded.class::isInstance));
    pauses.clear();
    RetryingEncoder hopeless = encoder(OnError.RETRY, 9, missing);
    assertThrows(SolrException.class, () -> hopeless.encode(List.of("flaky")));
    assertEquals(3, pauses.size());
  }
}
