/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.progress;

import java.io.PrintStream;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar with rate and time left, drawn over itself on a terminal. */
final class BarProgress implements Progress {

  private final ProgressBar bar;

  BarProgress(PrintStream terminal, String task, String unit, long earlier) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(-1)
            .startsFrom(earlier, Duration.ZERO)
            .setStyle(ProgressBarStyle.ASCII)
            .setUnit(" " + unit, 1)
            .setUpdateIntervalMillis(500)
            .setConsumer(new ConsoleProgressBarConsumer(terminal))
            .showSpeed()
            .setSpeedUnit(ChronoUnit.SECONDS)
            .build();
  }

  @Override
  public void total(long steps) {
    bar.maxHint(steps);
  }

  @Override
  public void advance(long steps) {
    bar.stepBy(steps);
  }

  @Override
  public void message(String text) {
    bar.setExtraMessage(" " + text);
  }

  @Override
  public void close() {
    bar.close();
  }
}
