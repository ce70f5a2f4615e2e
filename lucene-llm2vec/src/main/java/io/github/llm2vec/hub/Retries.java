/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * Retry policy of requests: as often and after such pauses as {@code Retry-After} asks for, else
 * after 1, 2, 4 and 8 seconds.
 */
public record Retries(Clock clock, Sleeper sleeper) {

  /** Attempts in a row that may fail without anything gained. */
  static final int MAX_ATTEMPTS = 5;

  /** Longest pause that is waited for; a server that asks for more is given up. */
  static final Duration MAX_PAUSE = Duration.ofMinutes(5);

  /** Waits; replaced in tests. */
  @FunctionalInterface
  public interface Sleeper {
    void sleep(Duration pause) throws InterruptedException;
  }

  /** Real time. */
  public static Retries real() {
    return new Retries(Clock.systemUTC(), pause -> Thread.sleep(pause.toMillis()));
  }

  /** Whether a status may go away by itself. */
  static boolean passing(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  /**
   * How long to wait before the next attempt.
   *
   * @param failures how many attempts failed so far, from 1
   * @param retryAfter the header, in seconds or as a date
   */
  Duration pause(int failures, Optional<String> retryAfter) {
    return retryAfter
        .flatMap(this::asked)
        .orElseGet(() -> Duration.ofSeconds(1L << Math.min(failures - 1, 6)));
  }

  private Optional<Duration> asked(String text) {
    if (text.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      ZonedDateTime time = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration pause = Duration.between(clock.instant(), time.toInstant());
      return Optional.of(pause.isNegative() ? Duration.ZERO : pause);
    } catch (DateTimeException e) {
      // Not a date either: the server's mistake, so our own pauses apply.
      return Optional.empty();
    }
  }

  /** Waits. */
  void sleep(Duration pause) throws InterruptedIOException {
    try {
      sleeper.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting to download again");
    }
  }
}
