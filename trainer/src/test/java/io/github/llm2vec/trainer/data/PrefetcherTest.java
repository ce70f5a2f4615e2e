/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PrefetcherTest {

  /** Counts up, and tells when it has been asked for a given record. */
  private static final class Numbers implements RecordStream<Integer> {

    final AtomicInteger asked = new AtomicInteger();
    final AtomicBoolean closed = new AtomicBoolean();
    final CountDownLatch reached;
    final int watched;
    final int end;

    Numbers(int end, int watched) {
      this.end = end;
      this.watched = watched;
      this.reached = new CountDownLatch(1);
    }

    @Override
    public Optional<Integer> next() {
      int number = asked.getAndIncrement();
      if (number == watched) {
        reached.countDown();
      }
      return number < end ? Optional.of(number) : Optional.empty();
    }

    @Override
    public void close() {
      closed.set(true);
    }
  }

  @Test
  void keepsTheOrderAndTheEnd() throws IOException {
    Numbers numbers = new Numbers(1000, -1);
    assertEquals(
        IntStream.range(0, 1000).boxed().toList(),
        Streams.all(new Prefetcher<>(numbers, 3, "test")));
    assertTrue(numbers.closed.get());
  }

  @Test
  void readsAheadButNoFurtherThanItsCapacity() throws Exception {
    Numbers numbers = new Numbers(1000, 4);
    try (Prefetcher<Integer> prefetcher = new Prefetcher<>(numbers, 4, "test")) {
      assertTrue(numbers.reached.await(30, TimeUnit.SECONDS));
      // Four records wait, and the fifth cannot be put down.
      assertEquals(5, numbers.asked.get());
      assertEquals(Optional.of(0), prefetcher.next());
    }
    assertTrue(numbers.closed.get());
    assertTrue(numbers.asked.get() <= 6);
  }

  @Test
  void failsWhereTheStreamFails() throws IOException {
    IOException broken = new IOException("broken");
    AtomicInteger count = new AtomicInteger();
    RecordStream<Integer> source =
        () -> {
          if (count.get() == 2) {
            throw broken;
          }
          return Optional.of(count.getAndIncrement());
        };
    try (Prefetcher<Integer> prefetcher = new Prefetcher<>(source, 8, "test")) {
      assertEquals(Optional.of(0), prefetcher.next());
      assertEquals(Optional.of(1), prefetcher.next());
      assertSame(broken, assertThrows(IOException.class, prefetcher::next));
      assertSame(broken, assertThrows(IOException.class, prefetcher::next));
    }
  }

  @Test
  void passesOnWhatIsNoFailureOfReading() throws IOException {
    RecordStream<Integer> bug =
        () -> {
          throw new IllegalArgumentException("bug");
        };
    try (Prefetcher<Integer> prefetcher = new Prefetcher<>(bug, 1, "test")) {
      assertThrows(IllegalArgumentException.class, prefetcher::next);
    }
    RecordStream<Integer> tooMuch =
        () -> {
          throw new OutOfMemoryError("pretended");
        };
    try (Prefetcher<Integer> prefetcher = new Prefetcher<>(tooMuch, 1, "test")) {
      Throwable e = assertThrows(IllegalStateException.class, prefetcher::next);
      assertTrue(e.getCause() instanceof OutOfMemoryError);
    }
  }

  @Test
  void givesNothingAfterItIsClosed() throws IOException {
    Prefetcher<Integer> prefetcher = new Prefetcher<>(new Numbers(10, -1), 2, "test");
    prefetcher.close();
    assertThrows(IOException.class, prefetcher::next);
    assertThrows(IllegalArgumentException.class, () -> new Prefetcher<>(null, 0, "test"));
  }

  @Test
  void stopsWaitingWhenInterrupted() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    RecordStream<Integer> stuck =
        () -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Optional.empty();
        };
    Prefetcher<Integer> prefetcher = new Prefetcher<>(stuck, 1, "test");
    Thread.currentThread().interrupt();
    assertThrows(IOException.class, prefetcher::next);
    assertTrue(Thread.interrupted());
    never.countDown();
    prefetcher.close();
    assertFalse(Thread.currentThread().isInterrupted());
  }
}
