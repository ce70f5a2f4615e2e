/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static io.github.llm2vec.serving.ServiceHarness.DOCUMENT;
import static io.github.llm2vec.serving.ServiceHarness.QUERY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Batches across callers, texts encoded once, the cache, cancellation, figures. */
class EncoderServiceTest {

  private final ServiceHarness harness = new ServiceHarness();

  @Test
  void textsOfDifferentCallersShareABatch() {
    CompletableFuture<float[]> first = harness.document("a b c");
    CompletableFuture<float[]> second = harness.document("d e");
    CompletableFuture<float[]> query = harness.query("what");
    harness.step();
    harness.step();
    assertArrayEquals(FakeModel.vector("a b c", DOCUMENT), first.join());
    assertArrayEquals(FakeModel.vector("d e", DOCUMENT), second.join());
    assertArrayEquals(FakeModel.vector("what", QUERY), query.join());
    assertEquals(List.of(List.of(2), List.of(2, 3)), harness.model.batches);
  }

  @Test
  void aQueryThatComesWhileAStepRunsIsInTheNext() {
    harness.warm();
    for (int i = 0; i < 200; i++) {
      harness.document(FakeModel.text(i, 100));
    }
    List<CompletableFuture<float[]>> query = new ArrayList<>();
    harness.time.at(harness.time.millis() + 1, () -> query.add(harness.query("what")));
    harness.step();
    assertFalse(query.get(0).isDone());
    harness.step();
    assertTrue(query.get(0).isDone());
  }

  @Test
  void equalTextsUnderWayAreEncodedOnceAndHandedOutAsSeparateArrays() {
    CompletableFuture<float[]> first = harness.document("a b");
    CompletableFuture<float[]> same = harness.document("a b");
    harness.document("a b c");
    CompletableFuture<float[]> otherPrompt =
        harness.service.submit(new EncodeRequest("a b", Prompt.document("say:")));
    harness.drain();
    assertEquals(3, harness.model.batches.get(0).size());
    assertNotSame(first.join(), same.join());
    assertArrayEquals(first.join(), same.join());
    assertTrue(otherPrompt.isDone());
    assertEquals(1, harness.service.metrics().sharing().joined());
  }

  @Test
  void aTextThatRunsCanStillBeJoined() {
    CompletableFuture<float[]> first = harness.document("a b");
    List<CompletableFuture<float[]>> late = new ArrayList<>();
    harness.time.at(harness.time.millis() + 1, () -> late.add(harness.document("a b")));
    harness.step();
    assertArrayEquals(first.join(), late.get(0).join());
    assertEquals(1, harness.model.batches.size());
  }

  @Test
  void knownQueriesAreAnsweredWithoutTheDeviceAndDocumentsAreNotKept() {
    harness.query("what");
    harness.document("a b");
    harness.drain();
    int steps = harness.model.batches.size();
    CompletableFuture<float[]> again = harness.query("what");
    assertArrayEquals(FakeModel.vector("what", QUERY), again.join());
    again.join()[0] = -1;
    assertArrayEquals(FakeModel.vector("what", QUERY), harness.query("what").join());
    assertFalse(harness.document("a b").isDone());
    assertFalse(harness.service.submit(new EncodeRequest("what", Prompt.query("other:"))).isDone());
    assertEquals(steps, harness.model.batches.size());
    assertEquals(new ServingMetrics.Sharing(2, 2, 0), harness.service.metrics().sharing());
  }

  @Test
  void aCacheCanBeSharedAndKeepsNothingIfItHasNoRoom() {
    harness.query("what");
    harness.drain();
    ServiceHarness successor = new ServiceHarness(ServingOptions.defaults(), harness.cache);
    assertTrue(successor.query("what").isDone());
    ServiceHarness without = new ServiceHarness(ServingOptions.defaults(), new QueryVectorCache(0));
    without.query("what");
    without.drain();
    assertFalse(without.query("what").isDone());
  }

  @Test
  void cancelledTextsAreNotEncoded() {
    CompletableFuture<float[]> first = harness.document("a b c");
    CompletableFuture<float[]> second = harness.document("d e");
    assertTrue(first.cancel(true));
    assertEquals(new ServingMetrics.Lane(1, 2, 0), harness.service.metrics().documents());
    harness.drain();
    assertEquals(List.of(List.of(2)), harness.model.batches);
    assertTrue(second.isDone());
    assertEquals(1, harness.service.metrics().losses().cancelled());
  }

  @Test
  void aTextIsEncodedAsLongAsAnybodyWaitsForIt() {
    CompletableFuture<float[]> first = harness.document("a b");
    CompletableFuture<float[]> same = harness.document("a b");
    first.cancel(true);
    harness.drain();
    assertArrayEquals(FakeModel.vector("a b", DOCUMENT), same.join());
  }

  @Test
  void aTextCancelledWhileItRunsHarmsNobody() {
    CompletableFuture<float[]> first = harness.document("a b");
    CompletableFuture<float[]> second = harness.document("c");
    harness.time.at(harness.time.millis() + 1, () -> first.cancel(true));
    harness.drain();
    assertTrue(first.isCancelled());
    assertArrayEquals(FakeModel.vector("c", DOCUMENT), second.join());
  }

  @Test
  void givesOneFuturePerTextInOrder() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      texts.add(FakeModel.text(i % 150, 1 + i % 7));
    }
    List<CompletableFuture<float[]>> futures = harness.service.submitAll(texts, DOCUMENT);
    harness.drain();
    for (int i = 0; i < texts.size(); i++) {
      assertArrayEquals(FakeModel.vector(texts.get(i), DOCUMENT), futures.get(i).join());
    }
  }

  @Test
  void textsOfAnAdapterShareBatchesAndNothingElse() {
    harness.model.adapters.put("law", Adapter.of("law", "fake-law"));
    CompletableFuture<float[]> plain = harness.document("a b");
    CompletableFuture<float[]> adapted =
        harness.service.submitAll(List.of("a b"), DOCUMENT, "law").get(0);
    harness.drain();
    assertEquals(List.of(List.of(2, 2)), harness.model.batches);
    assertEquals(2, plain.join()[0]);
    assertEquals(-2, adapted.join()[0]);
    assertThrows(
        IllegalArgumentException.class,
        () -> harness.service.submit(new EncodeRequest("a", QUERY).with("lore")));
  }

  @Test
  void queriesAreKnownByTheFingerprintOfTheirAdapter() {
    EncodeRequest query = new EncodeRequest("what", QUERY).with("law");
    harness.model.adapters.put("law", Adapter.of("law", "one"));
    CompletableFuture<float[]> first = harness.service.submit(query);
    harness.drain();
    assertTrue(first.isDone());
    assertFalse(harness.query("what").isDone());
    harness.model.adapters.put("law", Adapter.of("law", "another"));
    assertFalse(harness.service.submit(query).isDone());
    harness.model.adapters.put("law", Adapter.of("law", "one"));
    assertTrue(harness.service.submit(query).isDone());
  }

  @Test
  void aTextKeepsTheAdapterWithWhichItCame() {
    harness.model.adapters.put("law", Adapter.of("law", "one"));
    CompletableFuture<float[]> document =
        harness.service.submitAll(List.of("a b"), DOCUMENT, "law").get(0);
    harness.model.adapters.clear();
    harness.drain();
    assertEquals(-2, document.join()[0]);
  }

  @Test
  void rejectsNull() {
    assertThrows(NullPointerException.class, () -> new EncodeRequest(null, DOCUMENT));
    List<String> texts = new ArrayList<>();
    texts.add("a");
    texts.add(null);
    NullPointerException e =
        assertThrows(NullPointerException.class, () -> harness.service.submitAll(texts, DOCUMENT));
    assertEquals("text 1", e.getMessage());
  }

  @Test
  void showsWhatWaitsAndWhatWasDone() {
    harness.warm();
    ServingMetrics before = harness.service.metrics();
    harness.document(FakeModel.words(30));
    harness.query(FakeModel.words(9));
    ServingMetrics waiting = harness.service.metrics();
    assertEquals(new ServingMetrics.Lane(1, 10, 0), waiting.queries());
    assertEquals(new ServingMetrics.Lane(1, 30, 0), waiting.documents());
    harness.time.advance(7);
    harness.drain();
    ServingMetrics after = harness.service.metrics();
    assertEquals(1, after.work().queries() - before.work().queries());
    assertEquals(1, after.work().documents() - before.work().documents());
    assertEquals(40, after.work().tokens() - before.work().tokens());
    assertEquals(1, after.work().steps() - before.work().steps());
    assertEquals(7, after.timings().queryQueue().max(), 0.01);
    // 5 ms and 40 tokens at 0.03 ms.
    assertEquals(List.of(List.of(10, 30)), harness.model.batches);
    assertEquals(5, after.sizing().cost().fixedMillis(), 0.5);
    assertEquals(0.03, after.sizing().cost().millisPerToken(), 0.003);
    assertTrue(after.work().paddingWaste() > 0 && after.work().busy() > 0);
    assertTrue(after.work().tokensPerSecond() > 0);
  }
}
