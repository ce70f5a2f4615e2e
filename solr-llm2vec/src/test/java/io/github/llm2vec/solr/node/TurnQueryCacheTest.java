/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.llm2vec.encoder.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TurnQueryCacheTest {

  private final AtomicInteger encodings = new AtomicInteger();

  private float[] encode() {
    return new float[] {encodings.incrementAndGet()};
  }

  @Test
  void everyPartOfTheKeyCounts() {
    TurnQueryCache cache = new TurnQueryCache(1 << 20);
    List<TurnQueryCache.Key> keys =
        List.of(
            new TurnQueryCache.Key("a", Prompt.query(), "text"),
            new TurnQueryCache.Key("b", Prompt.query(), "text"),
            new TurnQueryCache.Key("a", Prompt.query("Find:"), "text"),
            new TurnQueryCache.Key("a", Prompt.document(), "text"),
            new TurnQueryCache.Key("a", Prompt.query(), "other"));
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < keys.size(); i++) {
        assertArrayEquals(new float[] {i + 1}, cache.get(keys.get(i), this::encode));
      }
    }
    assertEquals(keys.size(), encodings.get());
  }

  @Test
  void failureIsNotKept() {
    TurnQueryCache cache = new TurnQueryCache(1 << 20);
    TurnQueryCache.Key key = new TurnQueryCache.Key("a", Prompt.query(), "text");
    assertThrows(
        IllegalStateException.class,
        () ->
            cache.get(
                key,
                () -> {
                  throw new IllegalStateException("no");
                }));
    assertArrayEquals(new float[] {1}, cache.get(key, this::encode));
  }

  @Test
  void memoryIsBounded() {
    TurnQueryCache cache = new TurnQueryCache(10_000);
    for (int i = 0; i < 1000; i++) {
      cache.get(new TurnQueryCache.Key("a", Prompt.query(), "text " + i), this::encode);
    }
    int kept = 0;
    for (int i = 0; i < 1000; i++) {
      int before = encodings.get();
      cache.get(new TurnQueryCache.Key("a", Prompt.query(), "text " + i), this::encode);
      kept += encodings.get() == before ? 1 : 0;
    }
    // An entry counts for 200 bytes and more.
    assertEquals(0, kept / 50, kept + " of 1000 kept in 10,000 bytes");
  }

  @Test
  void textThatManyAskForAtOnceIsEncodedOnce() throws Exception {
    TurnQueryCache cache = new TurnQueryCache(1 << 20);
    TurnQueryCache.Key key = new TurnQueryCache.Key("a", Prompt.query(), "text");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Future<float[]>> answers = new ArrayList<>();
      answers.add(
          threads.submit(
              () ->
                  cache.get(
                      key,
                      () -> {
                        begun.countDown();
                        await(goOn);
                        return encode();
                      })));
      begun.await();
      for (int i = 0; i < 4; i++) {
        answers.add(threads.submit(() -> cache.get(key, this::encode)));
      }
      goOn.countDown();
      for (Future<float[]> answer : answers) {
        assertSame(answers.get(0).get(), answer.get());
      }
      assertEquals(1, encodings.get());
    } finally {
      threads.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
