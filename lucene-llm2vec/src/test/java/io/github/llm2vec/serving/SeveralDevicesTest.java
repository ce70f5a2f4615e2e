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

import io.github.llm2vec.encoder.DeviceOutOfMemoryException;
import io.github.llm2vec.serving.batching.BatchShape;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several devices behind one queue, on simulated time: who takes what, and what if one fails. */
@Timeout(60)
class SeveralDevicesTest {

  private static final double FIXED_MILLIS = 5;
  private static final double MILLIS_PER_TOKEN = 0.03;

  private final ServiceHarness harness =
      new ServiceHarness(ServingOptions.defaults(), QueryVectorCache.ofDefaultSize(), 2);
  private final SimulatedWorkers workers = new SimulatedWorkers(harness);

  SeveralDevicesTest() {
    works(0);
    works(1);
  }

  @AfterEach
  void close() {
    workers.close();
  }

  private void works(int device) {
    harness.model.onDevice.set(device, step(device));
  }

  private Consumer<BatchShape> step(int device) {
    return shape -> workers.pass(device, FIXED_MILLIS + MILLIS_PER_TOKEN * shape.tokens());
  }

  private void fails(int device, RuntimeException reason) {
    harness.model.onDevice.set(
        device,
        shape -> {
          workers.pass(device, 1);
          throw reason;
        });
  }

  private static Throwable failure(CompletableFuture<float[]> future) {
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  /** Runs steps of all sizes on both devices, so that the service knows what they cost. */
  private void warm() {
    for (int i = 1; i <= 40; i++) {
      for (int j = 0; j < 2 * i; j++) {
        harness.document(FakeModel.text(-1000 * i - j, 5 * i));
      }
      workers.drain();
    }
    harness.time.advance(10_000);
    harness.model.batches.clear();
  }

  private List<CompletableFuture<float[]>> documents(int count, int words) {
    List<CompletableFuture<float[]>> futures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      futures.add(harness.document(FakeModel.text(i, words)));
    }
    return futures;
  }

  private static void assertVectors(List<CompletableFuture<float[]>> futures, int words) {
    for (int i = 0; i < futures.size(); i++) {
      assertArrayEquals(
          FakeModel.vector(FakeModel.text(i, words), DOCUMENT), futures.get(i).join());
    }
  }

  private ServingMetrics.Device device(int index) {
    return harness.service.metrics().devices().get(index);
  }

  @Test
  void theTextsOfOneCallerGoRoundAmongTheDevices() {
    warm();
    double start = harness.time.millis();
    List<CompletableFuture<float[]>> futures = documents(100, 100);
    workers.drain();
    assertVectors(futures, 100);
    // 10,000 tokens would fit into one step of 305 ms.
    assertEquals(List.of(50, 50), harness.model.batches.stream().map(List::size).toList());
    assertEquals(155, harness.time.millis() - start, 1);
  }

  @Test
  void fewTokensAreNotDivided() {
    warm();
    documents(2, 10);
    workers.drain();
    assertEquals(List.of(List.of(10, 10)), harness.model.batches);
  }

  @Test
  void aQueryGoesToTheDeviceThatIsFree() {
    warm();
    documents(30, 100);
    workers.startFree(List.of(1));
    assertTrue(workers.isBusy(1) && !workers.isBusy(0));
    double start = harness.time.millis();
    List<Double> answered = new ArrayList<>();
    CompletableFuture<Boolean> query =
        harness.query("what").thenApply(vector -> answered.add(harness.time.millis() - start));
    workers.drain();
    assertTrue(query.isDone());
    // With documents that ride along up to the ridge.
    assertTrue(answered.get(0) < 15, answered::toString);
  }

  @Test
  void aDeadlineIsReckonedWithAllDevices() {
    warm();
    documents(400, 100);
    workers.startFree();
    // Both run a step of 400 ms, the second since a moment.
    harness.time.advance(100);
    assertInstanceOf(DeadlineExceededException.class, failure(harness.query("hasty", 200)));
    assertFalse(harness.query("patient", 400).isDone());
    workers.drain();
  }

  @Test
  void twoDevicesLetTwiceAsManyQueriesWait() {
    warm();
    int admitted = 0;
    while (!harness.query(FakeModel.text(admitted, 19)).isCompletedExceptionally()) {
      admitted++;
    }
    double start = harness.time.millis();
    workers.drain();
    // A second of work for both, as one device has of its own (AdmissionControlTest).
    assertEquals(900, harness.time.millis() - start, 120);
  }

  @Test
  void aDeviceThatFailsIsLeftOutAndItsBatchGoesToTheOther() {
    warm();
    fails(1, new IllegalStateException("CUDA error: unspecified launch failure"));
    List<CompletableFuture<float[]>> futures = documents(100, 100);
    workers.drain();
    assertVectors(futures, 100);
    assertEquals("", device(0).failure());
    assertEquals("CUDA error: unspecified launch failure", device(1).failure());
    assertEquals(1, harness.service.metrics().failedDevices());
    assertEquals(0, harness.service.metrics().losses().failed());
  }

  @Test
  void aDeviceWithoutMemoryIsLeftOutAndTakenInAgainWhenItHasSome() {
    warm();
    fails(0, new DeviceOutOfMemoryException("out of memory", null));
    List<CompletableFuture<float[]>> futures = documents(100, 100);
    workers.drain();
    assertVectors(futures, 100);
    assertEquals("out of memory", device(0).failure());
    harness.time.advance(10_000);
    workers.startFree();
    workers.drain();
    assertEquals("out of memory", device(0).failure());
    works(0);
    harness.time.advance(10_000);
    workers.startFree();
    workers.drain();
    assertEquals("", device(0).failure());
    long before = device(0).tokens();
    List<CompletableFuture<float[]>> more = documents(100, 100);
    workers.drain();
    assertVectors(more, 100);
    assertTrue(device(0).tokens() > before);
  }

  @Test
  void aTextToBlameFailsAloneAndCostsNoDevice() {
    warm();
    List<CompletableFuture<float[]>> futures = documents(40, 100);
    CompletableFuture<float[]> poison = harness.document("poison");
    workers.drain();
    assertInstanceOf(TextFailedException.class, failure(poison));
    assertVectors(futures, 100);
    assertEquals(0, harness.service.metrics().failedDevices());
  }

  @Test
  void whenNoDeviceIsLeftRequestsAreToldWhyAndWhenToTryAgain() {
    warm();
    harness.query("known");
    workers.drain();
    fails(0, new IllegalStateException("first is broken"));
    fails(1, new IllegalStateException("second is broken"));
    List<CompletableFuture<float[]>> futures = documents(100, 100);
    workers.drain();
    for (CompletableFuture<float[]> future : futures) {
      DevicesFailedException e = assertInstanceOf(DevicesFailedException.class, failure(future));
      assertTrue(e.getMessage().contains("fake:0: first is broken"), e::getMessage);
      assertTrue(e.getMessage().contains("fake:1: second is broken"), e::getMessage);
    }
    DevicesFailedException refused =
        assertInstanceOf(DevicesFailedException.class, failure(harness.query("new")));
    assertTrue(refused.retryAfter().toMillis() > 0, () -> "" + refused.retryAfter());
    assertInstanceOf(DevicesFailedException.class, failure(harness.document("new")));
    assertTrue(harness.query("known").isDone());
    works(1);
    harness.time.advance(10_000);
    workers.startFree();
    workers.drain();
    CompletableFuture<float[]> later = harness.query("new");
    workers.drain();
    assertArrayEquals(FakeModel.vector("new", QUERY), later.join());
  }

  @Test
  void aTextThatBreaksEveryDeviceIsGivenUp() {
    ServiceHarness four = new ServiceHarness(ServingOptions.defaults(), new QueryVectorCache(0), 4);
    try (SimulatedWorkers devices = new SimulatedWorkers(four)) {
      boolean[] broken = new boolean[4];
      for (int i = 0; i < 4; i++) {
        int device = i;
        four.model.onDevice.set(
            device,
            shape -> {
              devices.pass(device, 1);
              broken[device] |= shape.longest() == 66;
              if (broken[device]) {
                throw new IllegalStateException("CUDA error: device-side assert triggered");
              }
            });
      }
      CompletableFuture<float[]> breaking = four.document(FakeModel.words(66));
      devices.drain();
      DevicesFailedException e = assertInstanceOf(DevicesFailedException.class, failure(breaking));
      assertTrue(e.getMessage().startsWith("3 devices failed one after the other"), e::getMessage);
      CompletableFuture<float[]> other = four.document("a b");
      devices.drain();
      assertArrayEquals(FakeModel.vector("a b", DOCUMENT), other.join());
    }
  }

  @Test
  void closingWhileADeviceFailsEndsItsTexts() {
    warm();
    harness.model.onDevice.set(
        0,
        shape -> {
          workers.pass(0, 1);
          harness.service.close();
          throw new IllegalStateException("broken");
        });
    CompletableFuture<float[]> document = harness.document("a");
    workers.drain();
    assertInstanceOf(ServiceClosedException.class, failure(document));
  }
}
