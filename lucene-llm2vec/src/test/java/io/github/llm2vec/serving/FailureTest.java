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

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.DeviceOutOfMemoryException;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** What fails, fails alone, and the service goes on. */
class FailureTest {

  private final ServiceHarness harness = new ServiceHarness();

  private static Throwable failure(CompletableFuture<float[]> future) {
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  @Test
  void poisonFailsAloneAndIsFoundInAFewSteps() {
    List<CompletableFuture<float[]>> futures = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      futures.add(harness.document(i == 37 ? "poison" : FakeModel.text(i, 1)));
    }
    harness.drain();
    for (int i = 0; i < 64; i++) {
      if (i == 37) {
        Throwable failure = failure(futures.get(i));
        assertInstanceOf(TextFailedException.class, failure);
        assertEquals(
            "the model failed on a text of 1 tokens, tried alone: index out of range in self",
            failure.getMessage());
        assertInstanceOf(IllegalStateException.class, failure.getCause());
      } else {
        assertArrayEquals(FakeModel.vector(FakeModel.text(i, 1), DOCUMENT), futures.get(i).join());
      }
    }
    // The batch, two halves on each of six levels, one that shows that the device works, and the
    // text once more.
    assertEquals(15, harness.model.batches.size(), harness.model.batches::toString);
    assertEquals(1, harness.service.metrics().losses().failed());
  }

  @Test
  void aBatchThatLacksMemoryIsHalvedAndLaterOnesAreSmaller() {
    harness.warm();
    harness.model.memoryTokens = 3000;
    List<CompletableFuture<float[]>> futures = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      futures.add(harness.document(FakeModel.text(i, 100)));
    }
    harness.step();
    assertEquals(1, harness.service.metrics().losses().outOfMemory() % 2);
    harness.drain();
    for (int i = 0; i < 200; i++) {
      assertArrayEquals(FakeModel.vector(FakeModel.text(i, 100), DOCUMENT), futures.get(i).join());
    }
    int limit = harness.service.metrics().sizing().maxBatchTokens();
    assertTrue(limit <= 3400 && limit >= 1500, "limit " + limit);
    assertEquals(0, harness.service.metrics().losses().failed());
    List<Integer> last = harness.model.batches.get(harness.model.batches.size() - 2);
    assertTrue(last.size() <= 34, () -> "later batch of " + last.size());
  }

  @Test
  void aTextForWhichMemoryNeverSufficesFailsAlone() {
    harness.model.memoryTokens = 50;
    CompletableFuture<float[]> large = harness.document(FakeModel.words(60));
    CompletableFuture<float[]> small = harness.document(FakeModel.words(5));
    harness.drain();
    assertInstanceOf(DeviceOutOfMemoryException.class, failure(large).getCause());
    assertTrue(small.isDone() && !small.isCompletedExceptionally());
  }

  @Test
  void aVectorThatIsNoNumberFailsItsTextAloneAndIsNotKept() {
    CompletableFuture<float[]> bad = harness.query("nan");
    CompletableFuture<float[]> good = harness.query("fine");
    harness.drain();
    assertTrue(failure(bad).getMessage().startsWith("the model gave NaN in the vector"));
    assertArrayEquals(FakeModel.vector("fine", QUERY), good.join());
    assertEquals(1, harness.model.batches.size());
    assertFalse(harness.query("nan").isDone());
  }

  @Test
  void aTextThatCannotBeTokenisedFailsAlone() {
    List<CompletableFuture<float[]>> futures =
        harness.service.submitAll(List.of("a", "unreadable", "b"), DOCUMENT);
    CompletableFuture<float[]> single = harness.query("unreadable");
    harness.drain();
    assertEquals(
        "the tokenizer failed on a text of 10 characters: cannot read this",
        failure(futures.get(1)).getMessage());
    assertInstanceOf(TextFailedException.class, failure(single));
    assertTrue(futures.get(0).isDone() && futures.get(2).isDone());
  }

  @Test
  void anErrorFailsTheBatchButNotTheService() {
    CompletableFuture<float[]> fatal = harness.document("fatal");
    CompletableFuture<float[]> beside = harness.document("beside");
    harness.drain();
    assertInstanceOf(NoClassDefFoundError.class, failure(fatal));
    assertInstanceOf(NoClassDefFoundError.class, failure(beside));
    CompletableFuture<float[]> later = harness.document("later");
    harness.drain();
    assertArrayEquals(FakeModel.vector("later", DOCUMENT), later.join());
  }

  @Test
  void aWrongNumberOfVectorsIsABugThatIsTold() {
    BatchModel wrong = new WrongModel();
    ServiceParts parts =
        ServiceParts.of(wrong, ServingOptions.defaults(), new QueryVectorCache(0), harness.time);
    Scheduler scheduler = new Scheduler(parts, Runnable::run, () -> {});
    EncoderService service = new EncoderService(parts, scheduler, Duration.ZERO);
    CompletableFuture<float[]> future = service.submit(new EncodeRequest("a", DOCUMENT));
    scheduler.workers().get(0).step();
    assertTrue(
        failure(future).getMessage().contains("gave 0 vectors for 1 texts"),
        () -> failure(future).getMessage());
  }

  /** Gives no vectors at all. */
  private static final class WrongModel implements BatchModel {

    @Override
    public int dimensions() {
      return 3;
    }

    @Override
    public String fingerprint() {
      return "wrong";
    }

    @Override
    public BatchLayout layout() {
      return BatchLayout.PADDED;
    }

    @Override
    public int maxBatchTokens() {
      return 100;
    }

    @Override
    public TokenizedText tokenize(String text, Prompt prompt) {
      return TokenizedText.of(1);
    }

    @Override
    public float[][] encode(List<TokenizedText> texts) {
      return new float[0][];
    }

    @Override
    public void close() {}
  }

  @Test
  void everyTextEndsOnceWhateverFails() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int run = 0; run < 50; run++) {
      ServiceHarness fresh = new ServiceHarness();
      fresh.model.memoryTokens = 50 + random.nextInt(500);
      List<String> texts = new ArrayList<>();
      List<CompletableFuture<float[]>> futures = new ArrayList<>();
      List<Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        String text = FakeModel.text(random.nextInt(200), 1 + random.nextInt(60));
        texts.add(text + (random.nextInt(10) == 0 ? " poison" : ""));
        prompts.add(random.nextBoolean() ? QUERY : DOCUMENT);
        futures.add(fresh.service.submit(new EncodeRequest(texts.get(i), prompts.get(i))));
        if (random.nextInt(8) == 0) {
          futures.get(random.nextInt(futures.size())).cancel(false);
        }
        if (random.nextInt(8) == 0) {
          fresh.step();
        }
      }
      fresh.drain();
      for (int i = 0; i < futures.size(); i++) {
        check(seed, texts.get(i), prompts.get(i), futures.get(i), fresh.model.memoryTokens);
      }
    }
  }

  private static void check(
      long seed, String text, Prompt prompt, CompletableFuture<float[]> future, int memory) {
    String context = "seed " + seed + ", text " + text;
    assertTrue(future.isDone(), context);
    if (future.isCancelled()) {
      return;
    }
    if (prompt.equals(QUERY)
        && future.isCompletedExceptionally()
        && failure(future) instanceof OverloadedException) {
      // More waited than is let in.
      return;
    }
    float[] expected = FakeModel.vector(text, prompt);
    if (text.contains("poison") || expected[0] > memory) {
      assertTrue(future.isCompletedExceptionally(), context);
      assertInstanceOf(TextFailedException.class, failure(future), context);
    } else {
      assertArrayEquals(expected, future.join(), context);
    }
  }
}
