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

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The service with its real threads. */
@Timeout(120)
class ServiceThreadsTest {

  private static EncoderService start(FakeModel model) {
    return EncoderService.start(
        model,
        ServingOptions.builder().shutdownPatience(Duration.ofSeconds(60)).build(),
        QueryVectorCache.ofDefaultSize());
  }

  @Test
  void eachTextHasAResultOfItsOwn() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (EncoderService service = start(new FakeModel())) {
      for (int round = 0; round < 50; round++) {
        List<String> texts = new ArrayList<>();
        for (int i = random.nextInt(200); i >= 0; i--) {
          String bad = random.nextBoolean() ? "poison" : "nan";
          texts.add(random.nextInt(40) == 0 ? bad + " " + i : FakeModel.text(i, 1 + i % 7));
        }
        List<EncodingResult> results = service.encodeEach(texts, DOCUMENT);
        assertEquals(texts.size(), results.size());
        for (int i = 0; i < texts.size(); i++) {
          String text = texts.get(i);
          if (text.startsWith("n") && !text.startsWith("nan")) {
            assertArrayEquals(FakeModel.vector(text, DOCUMENT), results.get(i).orThrow());
          } else {
            EncodingResult.Failed failed =
                assertInstanceOf(EncodingResult.Failed.class, results.get(i), "seed " + seed);
            assertInstanceOf(TextFailedException.class, failed.cause());
          }
        }
      }
      assertEquals(List.of(), service.encodeEach(List.of(), DOCUMENT));
    }
  }

  @Test
  void modelIsWarmBeforeItsFirstText() {
    FakeModel model = new FakeModel();
    List<Integer> batchesBefore = new ArrayList<>();
    model.onWarmUp = () -> batchesBefore.add(model.batches.size());
    try (EncoderService service = start(model)) {
      service.encodeOne("one", QUERY);
      service.encodeOne("two", QUERY);
    }
    assertEquals(List.of(0), batchesBefore);
  }

  @Test
  void modelThatCannotBeWarmedUpIsServedAllTheSame() {
    FakeModel model = new FakeModel();
    model.onWarmUp =
        () -> {
          throw new IllegalStateException("no memory just now");
        };
    try (EncoderService service = start(model)) {
      assertArrayEquals(FakeModel.vector("one", QUERY), service.encodeOne("one", QUERY));
    }
  }

  @Test
  void modelThatFailsForTextAfterTextIsGivenUp() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      texts.add("poison " + i);
    }
    try (EncoderService service = start(new FakeModel())) {
      List<EncodingResult> results = service.encodeEach(texts, DOCUMENT);
      assertEquals(1000, results.size());
      assertEquals(16, new HashSet<>(results).size(), "the rest shares the last one's failure");
    }
  }

  @Test
  void manyCallersGetTheirOwnVectors() {
    long seed = System.nanoTime();
    FakeModel model = new FakeModel();
    try (EncoderService service = start(model)) {
      List<Caller<Integer>> callers = new ArrayList<>();
      for (int caller = 0; caller < 16; caller++) {
        Random random = new Random(seed + caller);
        callers.add(Caller.start(() -> call(service, random)));
      }
      int vectors = callers.stream().mapToInt(Caller::result).sum();
      assertEquals(16 * 30 * 20, vectors, "seed " + seed);
      ServingMetrics metrics = service.metrics();
      assertEquals(0, metrics.queries().texts() + metrics.documents().texts());
    }
    assertTrue(model.closed);
  }

  private static int call(EncoderService service, Random random) {
    int vectors = 0;
    for (int request = 0; request < 30; request++) {
      Prompt prompt = random.nextInt(4) == 0 ? QUERY : DOCUMENT;
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        texts.add(FakeModel.text(random.nextInt(1000), 1 + random.nextInt(50)));
      }
      float[][] encoded = encodeInTheEnd(service, texts, prompt);
      for (int i = 0; i < encoded.length; i++) {
        assertArrayEquals(FakeModel.vector(texts.get(i), prompt), encoded[i]);
        vectors++;
      }
    }
    return vectors;
  }

  /** Queries of many at once may be refused, above all while it is not known what steps cost. */
  private static float[][] encodeInTheEnd(
      EncoderService service, List<String> texts, Prompt prompt) {
    while (true) {
      try {
        return service.encode(texts, prompt);
      } catch (OverloadedException e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void batchesRunOnOneThreadAndFuturesEndOnOthers() throws Exception {
    FakeModel model = new FakeModel();
    Set<String> running = ConcurrentHashMap.newKeySet();
    Set<String> ending = ConcurrentHashMap.newKeySet();
    CountDownLatch submitted = new CountDownLatch(1);
    model.duringStep =
        shape -> {
          running.add(Thread.currentThread().getName());
          awaitOrFail(submitted);
        };
    try (EncoderService service = start(model)) {
      CompletableFuture<Boolean> dependent =
          service
              .submit(new EncodeRequest("a", DOCUMENT))
              .thenApply(vector -> ending.add(Thread.currentThread().getName()));
      submitted.countDown();
      assertTrue(dependent.get(60, TimeUnit.SECONDS));
    }
    assertEquals(Set.of("llm2vec-scheduler"), running);
    String thread = ending.iterator().next();
    assertTrue(thread.startsWith("llm2vec-completion-"), thread);
  }

  private static void awaitOrFail(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closingGivesUpOnAStepThatHangsAndTheModelIsClosedWhenItEnds() throws Exception {
    FakeModel model = new FakeModel();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    model.duringStep =
        shape -> {
          started.countDown();
          awaitOrFail(release);
        };
    EncoderService service =
        EncoderService.start(
            model,
            ServingOptions.builder().shutdownPatience(Duration.ZERO).build(),
            QueryVectorCache.ofDefaultSize());
    CompletableFuture<float[]> running = service.submit(new EncodeRequest("a", DOCUMENT));
    awaitOrFail(started);
    service.close();
    assertFalse(model.closed);
    release.countDown();
    assertArrayEquals(FakeModel.vector("a", DOCUMENT), running.get(60, TimeUnit.SECONDS));
    while (!model.closed) {
      Thread.onSpinWait();
    }
  }

  @Test
  void encodingGivesUpInTime() {
    FakeModel model = new FakeModel();
    CountDownLatch release = new CountDownLatch(1);
    model.duringStep = shape -> awaitOrFail(release);
    EncoderService service = start(model);
    try {
      CompletableFuture<float[]> running = service.submit(new EncodeRequest("a", DOCUMENT));
      // Which stage notices first is a matter of the machine.
      assertThrows(
          DeadlineExceededException.class,
          () -> service.encodeWithin("b", QUERY, Duration.ofMillis(1)));
      release.countDown();
      assertArrayEquals(FakeModel.vector("a", DOCUMENT), running.join());
      assertArrayEquals(
          FakeModel.vector("b", QUERY), service.encodeWithin("b", QUERY, Duration.ofSeconds(60)));
    } finally {
      release.countDown();
      service.close();
    }
  }

  @Test
  void anInterruptedCallerStopsWaitingForItsVector() {
    FakeModel model = new FakeModel();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    model.duringStep =
        shape -> {
          started.countDown();
          awaitOrFail(release);
        };
    EncoderService service = start(model);
    try {
      Caller<Throwable> caller =
          Caller.start(
              () ->
                  assertThrows(
                      EncodingInterruptedException.class, () -> service.encodeOne("a", DOCUMENT)));
      awaitOrFail(started);
      caller.interrupt();
      assertInstanceOf(InterruptedException.class, caller.result().getCause());
    } finally {
      release.countDown();
      service.close();
    }
  }

  @Test
  void oneBadTextFailsTheWholeCallAndWithdrawsTheRest() {
    FakeModel model = new FakeModel();
    try (EncoderService service = start(model)) {
      TextFailedException e =
          assertThrows(
              TextFailedException.class,
              () -> service.encode(List.of("a", "poison", "b"), DOCUMENT));
      assertTrue(e.getMessage().contains("index out of range"), e::getMessage);
      assertArrayEquals(FakeModel.vector("c", DOCUMENT), service.encodeOne("c", DOCUMENT));
    }
  }
}
