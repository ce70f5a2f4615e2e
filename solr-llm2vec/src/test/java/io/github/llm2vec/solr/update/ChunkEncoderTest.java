/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.lucene.TextRange;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.solr.update.FailurePolicy.OnError;
import io.github.llm2vec.solr.update.VectorPlan.TextChunk;
import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.CopyPrecision;
import io.github.llm2vec.solr.update.vector.FloatList;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.junit.jupiter.api.Test;

class ChunkEncoderTest {

  private static final EncodingResult ENCODED = new EncodingResult.Encoded(new float[] {1});

  private final List<Duration> pauses = new ArrayList<>();
  private final List<List<String>> calls = new ArrayList<>();

  /** Fails until so many pauses have been taken. */
  private ChunkEncoder encoder(OnError onError, int recovery, RuntimeException failure) {
    return new ChunkEncoder(
        texts -> {
          calls.add(texts);
          boolean fails = pauses.size() < recovery;
          if (fails && texts.contains("flaky") && failure instanceof SolrException missing) {
            throw missing;
          }
          return texts.stream()
              .map(text -> text.equals("flaky") && fails ? failed(failure) : result(text))
              .toList();
        },
        vector -> vector,
        new FailurePolicy(onError, "", 3, Duration.ofMillis(100)),
        pauses::add);
  }

  private static EncodingResult result(String text) {
    // As a queue in front of a model hands it on.
    return text.equals("poison")
        ? failed(new IllegalStateException("poison", new IllegalArgumentException()))
        : ENCODED;
  }

  private static EncodingResult failed(RuntimeException cause) {
    return new EncodingResult.Failed(cause);
  }

  private static VectorPlan.Fill plan(String... texts) {
    List<TextChunk> chunks = new ArrayList<>();
    for (String text : texts) {
      chunks.add(new TextChunk(text, TextHash.of(text), new TextRange(0, text.length())));
    }
    return new VectorPlan.Fill(TextHash.of("all"), chunks);
  }

  /** Encodes texts as the pieces of one document. */
  private static List<EncodingResult> encode(ChunkEncoder encoder, String... texts) {
    return encoder.encode(List.of(plan(texts))).get(0);
  }

  @Test
  void onlyWhatMayPassIsTriedAgainAfterGrowingPauses() {
    List<EncodingResult> results =
        encode(
            encoder(OnError.RETRY, 3, new IllegalStateException("busy")),
            "a",
            "flaky",
            "poison",
            "b");
    assertEquals(
        List.of(Duration.ofMillis(100), Duration.ofMillis(200), Duration.ofMillis(400)), pauses);
    assertInstanceOf(EncodingResult.Encoded.class, results.get(0));
    assertInstanceOf(EncodingResult.Encoded.class, results.get(1));
    assertEquals(
        "poison",
        assertInstanceOf(EncodingResult.Failed.class, results.get(2)).cause().getMessage());
    assertInstanceOf(EncodingResult.Encoded.class, results.get(3));
    assertEquals(List.of("flaky"), calls.get(calls.size() - 1));
  }

  @Test
  void triesAreBounded() {
    List<EncodingResult> results =
        encode(encoder(OnError.RETRY, 4, new IllegalStateException("busy")), "flaky");
    assertEquals(3, pauses.size());
    assertEquals(
        "busy", assertInstanceOf(EncodingResult.Failed.class, results.get(0)).cause().getMessage());
  }

  @Test
  void nothingIsTriedAgainUnasked() {
    for (OnError onError : List.of(OnError.FAIL, OnError.SKIP)) {
      encode(encoder(onError, 1, new IllegalStateException("busy")), "flaky");
      assertEquals(List.of(), pauses);
    }
  }

  @Test
  void modelThatIsNotThereIsWaitedForAndThenToldOf() {
    SolrException missing = new SolrException(ErrorCode.SERVICE_UNAVAILABLE, "not there");
    List<EncodingResult> results = encode(encoder(OnError.RETRY, 2, missing), "flaky", "b");
    assertTrue(results.stream().allMatch(EncodingResult.Encoded.class::isInstance));
    pauses.clear();
    ChunkEncoder hopeless = encoder(OnError.RETRY, 9, missing);
    assertThrows(SolrException.class, () -> encode(hopeless, "flaky"));
    assertEquals(3, pauses.size());
  }

  @Test
  void piecesGoBackToTheirDocumentsAndKnownOnesAreNotEncoded() {
    VectorPlan.Fill first = plan("a", "poison");
    TextChunk known =
        plan("known").chunks().get(0).knownAs(Optional.of(new FloatList(new float[] {7})));
    VectorPlan.Fill second =
        new VectorPlan.Fill(first.text(), List.of(known, plan("b").chunks().get(0)));
    List<List<EncodingResult>> results =
        encoder(OnError.FAIL, 0, new IllegalStateException())
            .encode(List.of(first, plan(), second));
    assertEquals(List.of(List.of("a", "poison", "b")), calls);
    assertEquals(List.of(2, 0, 2), results.stream().map(List::size).toList());
    assertEquals("poison", ChunkEncoder.failure(results.get(0)).orElseThrow().getMessage());
    assertArrayEquals(new float[] {7}, results.get(2).get(0).orThrow());
    assertArrayEquals(new float[] {1}, results.get(2).get(1).orThrow());
    assertEquals(1, second.reused());
  }

  @Test
  void vectorThatCannotBeComparedAsItIsIndexedFailsAlone() {
    ChunkEncoder encoder =
        new ChunkEncoder(
            texts ->
                List.of(
                    new EncodingResult.Encoded(new float[] {0, 5}),
                    new EncodingResult.Encoded(new float[] {70_000, 1}),
                    new EncodingResult.Encoded(new float[] {2, 3})),
            vector -> {
              float[] cut = {vector[0]};
              CopyPrecision.FLOAT16.round(cut);
              return cut;
            },
            FailurePolicy.FAIL,
            pauses::add);
    List<EncodingResult> results = encode(encoder, "a", "b", "c");
    assertEquals(
        "the model gave a zero vector, which is near to nothing",
        assertInstanceOf(EncodingResult.Failed.class, results.get(0)).cause().getMessage());
    assertEquals(
        "the vector has numbers that are too large for its stored copy",
        assertInstanceOf(EncodingResult.Failed.class, results.get(1)).cause().getMessage());
    assertArrayEquals(new float[] {2}, results.get(2).orThrow());
  }

  @Test
  void missingModelIsNoFaultOfATextAndIsAskedForOnce() {
    ChunkEncoder encoder =
        encoder(OnError.FAIL, 1, new SolrException(ErrorCode.SERVICE_UNAVAILABLE, "not there"));
    assertThrows(SolrException.class, () -> encode(encoder, "a", "flaky", "b"));
    assertEquals(List.of(List.of("a", "flaky", "b")), calls);
  }
}
