/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.tokenizer.TokenizerThreads;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ParallelMapTest {

  private static final List<Integer> VALUES = IntStream.range(0, 1000).boxed().toList();

  @Test
  void keepsTheOrder() {
    ExecutorService executor = TokenizerThreads.start(5);
    try {
      assertEquals(
          VALUES.stream().map(i -> i * 3).toList(),
          ParallelMap.map(VALUES, i -> i * 3, executor, 4));
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void usesNamedThreadsBesideTheCallingOne() throws InterruptedException {
    ExecutorService executor = TokenizerThreads.start(3);
    Set<String> names = ConcurrentHashMap.newKeySet();
    CountDownLatch all = new CountDownLatch(3);
    try {
      ParallelMap.map(
          VALUES,
          i -> {
            if (names.add(Thread.currentThread().getName())) {
              all.countDown();
              awaitAll(all);
            }
            return i;
          },
          executor,
          3);
    } finally {
      executor.shutdown();
    }
    names.remove(Thread.currentThread().getName());
    assertEquals(Set.of("llm2vec-tokenizer-0", "llm2vec-tokenizer-1"), names);
  }

  private static void awaitAll(CountDownLatch all) {
    try {
      all.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void doesAllWorkItselfWhenTheExecutorIsBusy() {
    assertEquals(VALUES, ParallelMap.map(VALUES, i -> i, task -> {}, 4));
    assertEquals(
        VALUES,
        ParallelMap.map(
            VALUES,
            i -> i,
            task -> {
              throw new RejectedExecutionException("full");
            },
            4));
  }

  @Test
  void throwsWhatTheFunctionThrew() {
    Exception error =
        assertThrows(
            IllegalStateException.class,
            () ->
                ParallelMap.map(
                    VALUES,
                    i -> {
                      if (i == 500) {
                        throw new IllegalStateException("value 500");
                      }
                      return i;
                    },
                    Runnable::run,
                    4));
    assertEquals("value 500", error.getMessage());
  }

  @Test
  void mapsNothingToNothing() {
    assertTrue(ParallelMap.map(List.of(), i -> i, Runnable::run, 4).isEmpty());
  }

  @Test
  void leavesAProcessorToTheModel() {
    assertEquals(1, TokenizerThreads.parallelism(1));
    assertEquals(1, TokenizerThreads.parallelism(2));
    assertEquals(7, TokenizerThreads.parallelism(8));
    assertEquals(16, TokenizerThreads.parallelism(64));
  }
}
