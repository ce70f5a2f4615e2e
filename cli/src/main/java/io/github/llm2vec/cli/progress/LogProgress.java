/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.progress;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/** A line every ten seconds, for output that goes to a file. */
final class LogProgress implements Progress {

  private static final long INTERVAL_NANOS = Duration.ofSeconds(10).toNanos();

  private final PrintStream log;
  private final String task;
  private final String unit;
  private final LongSupplier nanoClock;
  private final long earlier;
  private final long started;
  private long lastPrinted;
  private long done;
  private long total = -1;
  private String message = "";

  LogProgress(PrintStream log, String task, String unit, long earlier, LongSupplier nanoClock) {
    this.log = log;
    this.task = task;
    this.unit = unit;
    this.earlier = earlier;
    this.done = earlier;
    this.nanoClock = nanoClock;
    this.started = nanoClock.getAsLong();
    this.lastPrinted = started;
  }

  @Override
  public void total(long steps) {
    total = steps;
  }

  @Override
  public void advance(long steps) {
    done += steps;
    long now = nanoClock.getAsLong();
    if (now - lastPrinted >= INTERVAL_NANOS) {
      lastPrinted = now;
      log.println(line(now, false));
    }
  }

  @Override
  public void message(String text) {
    message = text;
  }

  @Override
  public void close() {
    log.println(line(nanoClock.getAsLong(), true));
  }

  private String line(long now, boolean last) {
    double seconds = Math.max((now - started) / 1e9, 1e-3);
    double rate = (done - earlier) / seconds;
    StringBuilder line = new StringBuilder();
    line.append(task).append(": ").append(String.format(Locale.ROOT, "%,d ", done)).append(unit);
    if (!last && total > 0) {
      line.append(String.format(Locale.ROOT, " of %,d (%.0f%%)", total, 100.0 * done / total));
    }
    line.append(String.format(Locale.ROOT, ", %.1f/s", rate));
    if (last) {
      line.append(", took ").append(duration(seconds));
    } else if (total > done && rate > 0) {
      line.append(", ").append(duration((total - done) / rate)).append(" left");
    }
    return message.isEmpty() ? line.toString() : line.append(", ").append(message).toString();
  }

  private static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60
        ? String.format(Locale.ROOT, "%.1f s", seconds)
        : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole % 3600 / 60, whole % 60);
  }
}
