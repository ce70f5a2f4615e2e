/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static io.github.llm2vec.serving.ServiceHarness.DOCUMENT;
import static io.github.llm2vec.serving.ServiceHarness.QUERY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is let in, who waits and who is refused. */
@Timeout(60)
class AdmissionControlTest {

  private final ServiceHarness harness = new ServiceHarness();

  private static Throwable failure(CompletableFuture<float[]> future) {
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  /** Queries until one is refused. */
  private OverloadedException fill() {
    for (int i = 0; i < 1_000_000; i++) {
      CompletableFuture<float[]> query = harness.query(FakeModel.text(i, 19));
      if (query.isCompletedExceptionally()) {
        return assertInstanceOf(OverloadedException.class, failure(query));
      }
    }
    throw new AssertionError("never full");
  }

  @Test
  void refusesQueriesBeyondASecondOfWorkAndSaysWhenToTryAgain() {
    harness.warm();
    OverloadedException refused = fill();
    double work = drainMillis();
    // The steps are at least 25 ms long, for the fixed cost of 5 ms; the first ones, with many
    // queries waiting, are longer than that and pay it less often than is reckoned with.
    assertEquals(900, work, 120);
    assertEquals(work, refused.retryAfter().toNanos() / 1e6, 0.2 * work);
    assertTrue(
        refused.getMessage().contains("tokens of queries wait and at most"), refused::getMessage);
    assertEquals(1, harness.service.metrics().losses().overloaded());
    assertFalse(harness.query("later").isDone());
  }

  private double drainMillis() {
    double start = harness.time.millis();
    harness.drain();
    return harness.time.millis() - start;
  }

  @Test
  void letsAKnownOrEqualQueryThroughAFullLane() {
    harness.query("known");
    harness.drain();
    CompletableFuture<float[]> first = harness.query(FakeModel.text(0, 19));
    fill();
    assertTrue(harness.query("known").isDone());
    CompletableFuture<float[]> same = harness.query(FakeModel.text(0, 19));
    harness.drain();
    assertArrayEquals(first.join(), same.join());
  }

  @Test
  void letsAQueryLongerThanTheLimitIntoAnEmptyLane() {
    CompletableFuture<float[]> long1 = harness.query(FakeModel.words(5000));
    harness.drain();
    assertEquals(5001, long1.join()[0]);
  }

  @Test
  void refusesAtOnceWhatCannotBeInTime() {
    harness.warm();
    CompletableFuture<float[]> first = harness.query(FakeModel.text(1, 99), 10);
    // Before it run the hundred tokens that wait, each at 0.03 ms, and the fixed 5 ms.
    Throwable refused = failure(harness.query(FakeModel.text(2, 99), 10));
    assertInstanceOf(DeadlineExceededException.class, refused);
    assertEquals(
        "the vector is expected in 11 ms, but only 10 ms were allowed", refused.getMessage());
    assertEquals(1, harness.service.metrics().losses().deadlines());
    harness.drain();
    assertFalse(first.isCompletedExceptionally());
  }

  @Test
  void anIdleDeviceTriesWhatTheEstimateSaysIsTooLate() {
    harness.warm();
    assertFalse(harness.query(FakeModel.text(1, 1000), 2).isDone());
    harness.drain();
    assertFalse(harness.query(FakeModel.text(2, 1000), 2).isCompletedExceptionally());
  }

  @Test
  void aStepThatEndsEarlyOrFailsLeavesTheDeviceIdle() {
    harness.warm();
    harness.costs(0, 1e-4);
    harness.query(FakeModel.words(2000));
    harness.drain();
    assertFalse(harness.query("a", 3).isCompletedExceptionally());
    harness.drain();
    harness.query("poison");
    harness.drain();
    harness.query("fatal");
    harness.drain();
    assertFalse(harness.query("b", 1).isCompletedExceptionally());
  }

  @Test
  void refusesQueriesWhileAStepHangsAndNoneAfterIt() {
    harness.warm();
    harness.model.duringStep = shape -> harness.time.advance(60_000);
    harness.document("hangs");
    double start = harness.time.millis();
    List<CompletableFuture<float[]>> queries = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      String text = FakeModel.text(i, 10);
      harness.time.at(start + 1000 * i + 500, () -> queries.add(harness.query(text)));
    }
    harness.step();
    long refused = queries.stream().filter(CompletableFuture::isCompletedExceptionally).count();
    assertTrue(refused >= 55, refused + " of 60 were refused");
    harness.costs(5, 0.03);
    harness.drain();
    assertFalse(harness.query("after", 100).isCompletedExceptionally());
  }

  @Test
  void reckonsWithTheStepThatRuns() {
    harness.warm();
    for (int i = 0; i < 300; i++) {
      harness.document(FakeModel.text(i, 100));
    }
    List<CompletableFuture<float[]>> queries = new ArrayList<>();
    double start = harness.time.millis();
    // The step of documents takes 400 ms.
    harness.time.at(start + 100, () -> queries.add(harness.query("hasty", 200)));
    harness.time.at(start + 100, () -> queries.add(harness.query("patient", 400)));
    harness.step();
    assertInstanceOf(DeadlineExceededException.class, failure(queries.get(0)));
    harness.step();
    assertTrue(queries.get(1).isDone() && !queries.get(1).isCompletedExceptionally());
  }

  @Test
  void beforeAnythingWasMeasuredOnlyAPastDeadlineIsRefused() {
    assertFalse(harness.query("a", 1).isDone());
    assertInstanceOf(DeadlineExceededException.class, failure(harness.query("b", 0)));
    assertInstanceOf(DeadlineExceededException.class, failure(harness.query("c", -5)));
  }

  @Test
  void dropsWhatHasWaitedPastItsDeadline() {
    CompletableFuture<float[]> late = harness.query("a b", 10);
    CompletableFuture<float[]> patient = harness.query("c", 1000);
    harness.time.advance(11);
    harness.step();
    assertEquals("the deadline passed after 11 ms in the queue", failure(late).getMessage());
    assertTrue(patient.isDone());
    assertEquals(List.of(List.of(2)), harness.model.batches);
  }

  @Test
  void anEqualTextWithALaterDeadlineKeepsTheTextAlive() {
    CompletableFuture<float[]> hasty = harness.query("a", 10);
    CompletableFuture<float[]> patient = harness.query("a", 1000);
    harness.time.advance(11);
    harness.step();
    assertInstanceOf(DeadlineExceededException.class, failure(hasty));
    assertArrayEquals(FakeModel.vector("a", QUERY), patient.join());
  }

  @Test
  void deliversAVectorThatIsReadyALittleLate() {
    CompletableFuture<float[]> query = harness.query("a", 2);
    harness.step();
    assertArrayEquals(FakeModel.vector("a", QUERY), query.join());
  }

  @Test
  void aLongListOfQueriesWaitsForItsOwnFirstOnes() {
    List<String> texts = IntStream.range(0, 500).mapToObj(i -> FakeModel.text(i, 19)).toList();
    Caller<List<CompletableFuture<float[]>>> caller =
        Caller.start(() -> harness.service.submitAll(texts, QUERY));
    while (!caller.isDone()) {
      harness.step();
    }
    harness.drain();
    for (int i = 0; i < texts.size(); i++) {
      assertArrayEquals(FakeModel.vector(texts.get(i), QUERY), caller.result().get(i).join());
    }
    assertEquals(0, harness.service.metrics().losses().overloaded());
  }

  /** A service in whose lane of documents just two of ten words fit. */
  private ServiceHarness small() {
    // By bytes, as the limit in tokens depends on what steps cost.
    long bytes = 2 * (300 + 10 * 4 + 2L * FakeModel.text(1, 10).length());
    return new ServiceHarness(ServingOptions.builder().documentBacklogBytes(bytes).build());
  }

  private static void awaitBlocked(ServiceHarness harness, int callers) {
    while (harness.service.metrics().documents().blockedCallers() != callers) {
      Thread.onSpinWait();
    }
  }

  @Test
  void documentsWaitForRoomInTheOrderOfTheirArrival() {
    ServiceHarness small = small();
    small.document(FakeModel.text(1, 10));
    small.document(FakeModel.text(2, 10));
    List<Caller<CompletableFuture<float[]>>> callers = new ArrayList<>();
    for (int i = 3; i < 9; i++) {
      String text = FakeModel.text(i, 10);
      callers.add(Caller.start(() -> small.document(text)));
      awaitBlocked(small, i - 2);
    }
    assertFalse(small.query("a query is let in").isCompletedExceptionally());
    small.step();
    for (int i = 0; i < 6; i += 2) {
      small.step();
      awaitBlocked(small, 4 - i < 0 ? 0 : 4 - i);
      assertTrue(small.service.metrics().documents().texts() <= 2);
    }
    while (!small.isEmpty()) {
      small.step();
    }
    for (int i = 0; i < 6; i++) {
      assertArrayEquals(
          FakeModel.vector(FakeModel.text(i + 3, 10), DOCUMENT), callers.get(i).result().join());
    }
  }

  @Test
  void anInterruptedCallerStopsWaitingForRoom() {
    ServiceHarness small = small();
    small.document(FakeModel.text(1, 10));
    small.document(FakeModel.text(2, 10));
    List<Boolean> interrupted = new ArrayList<>();
    Caller<CompletableFuture<float[]>> caller =
        Caller.start(
            () -> {
              CompletableFuture<float[]> future = small.document(FakeModel.text(3, 10));
              interrupted.add(Thread.currentThread().isInterrupted());
              return future;
            });
    awaitBlocked(small, 1);
    caller.interrupt();
    assertInstanceOf(EncodingInterruptedException.class, failure(caller.result()));
    assertEquals(List.of(true), interrupted);
    assertEquals(0, small.service.metrics().documents().blockedCallers());
  }

  @Test
  void anInterruptedListIsWithdrawn() {
    ServiceHarness small = small();
    List<String> texts = IntStream.range(0, 5).mapToObj(i -> FakeModel.text(i, 10)).toList();
    Caller<Throwable> caller =
        Caller.start(
            () ->
                assertThrows(
                    EncodingInterruptedException.class,
                    () -> small.service.submitAll(texts, DOCUMENT)));
    awaitBlocked(small, 1);
    caller.interrupt();
    assertInstanceOf(EncodingInterruptedException.class, caller.result());
    assertTrue(small.isEmpty());
    assertEquals(2, small.service.metrics().losses().cancelled());
  }

  @Test
  void aDocumentStopsWaitingForRoomAtItsDeadline() {
    ServiceHarness small = small();
    small.document(FakeModel.text(1, 10));
    small.document(FakeModel.text(2, 10));
    Caller<CompletableFuture<float[]>> caller =
        Caller.start(
            () ->
                small.service.submit(
                    new EncodeRequest(FakeModel.text(3, 10), DOCUMENT)
                        .within(Duration.ofMillis(20))));
    awaitBlocked(small, 1);
    small.time.advance(30);
    small.step();
    assertInstanceOf(DeadlineExceededException.class, failure(caller.result()));
  }

  @Test
  void aDocumentThatNeverFitsIsLetIntoAnEmptyLane() {
    CompletableFuture<float[]> large = small().document(FakeModel.words(100_000));
    assertFalse(large.isDone());
  }
}
