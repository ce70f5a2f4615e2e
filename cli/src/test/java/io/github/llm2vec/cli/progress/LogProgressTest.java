/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LogProgressTest {

  @Test
  void printsALineEveryTenSecondsWithRateAndTimeLeft() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AtomicLong clock = new AtomicLong();
    try (Progress progress =
        new LogProgress(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            "Encoding",
            "texts",
            0,
            clock::get)) {
      progress.advance(10);
      clock.addAndGet(TimeUnit.SECONDS.toNanos(5));
      progress.advance(490);
      clock.addAndGet(TimeUnit.SECONDS.toNanos(5));
      progress.total(10_000);
      progress.advance(500);
      clock.addAndGet(TimeUnit.SECONDS.toNanos(90));
      progress.advance(9_000);
    }
    assertEquals(
        List.of(
            "Encoding: 1,000 texts of 10,000 (10%), 100.0/s, 0:01:30 left",
            "Encoding: 10,000 texts of 10,000 (100%), 100.0/s",
            "Encoding: 10,000 texts, 100.0/s, took 0:01:40"),
        bytes.toString(StandardCharsets.UTF_8).lines().toList());
  }

  @Test
  void leavesWhatWasDoneBeforeOutOfTheRate() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AtomicLong clock = new AtomicLong();
    try (Progress progress =
        new LogProgress(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            "Encoding",
            "texts",
            900,
            clock::get)) {
      clock.addAndGet(TimeUnit.SECONDS.toNanos(20));
      progress.total(2_000);
      progress.advance(100);
    }
    assertEquals(
        List.of(
            "Encoding: 1,000 texts of 2,000 (50%), 5.0/s, 0:03:20 left",
            "Encoding: 1,000 texts, 5.0/s, took 20.0 s"),
        bytes.toString(StandardCharsets.UTF_8).lines().toList());
  }
}
