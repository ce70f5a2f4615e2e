/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class PacerTest {

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private long now;
  private long slept;
  private final AtomicBoolean stop = new AtomicBoolean();

  private Pacer pacer(double perSecond) {
    return new Pacer(
        perSecond,
        () -> now,
        nanos -> {
          now += nanos;
          slept += nanos;
        },
        stop::get);
  }

  @Test
  void batchesBeginAsFarApartAsTheRateSays() throws IOException {
    Pacer pacer = pacer(50);
    for (int i = 0; i < 10; i++) {
      pacer.before(100);
      assertEquals(2L * i * SECOND, now, "batch " + i);
      now += SECOND / 2;
    }
  }

  @Test
  void timeThatWasLostIsNotMadeUpFor() throws IOException {
    Pacer pacer = pacer(10);
    pacer.before(10);
    now += 100 * SECOND;
    pacer.before(10);
    pacer.before(10);
    assertEquals(101 * SECOND, now);
  }

  @Test
  void withoutARateAndAfterAStopNobodyWaits() throws IOException {
    Pacer free = pacer(0);
    free.before(1000);
    free.before(1000);
    stop.set(true);
    Pacer stopped = pacer(1);
    stopped.before(1000);
    stopped.before(1000);
    assertEquals(0, slept);
  }
}
