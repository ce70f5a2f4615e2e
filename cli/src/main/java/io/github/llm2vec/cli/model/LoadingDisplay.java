/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.progress.Progress;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Progress display of loading a model: one per downloaded file, one for the weights. A small model
 * loads in no time and is not worth a line, so weights are shown only when they take longer than a
 * second.
 */
public final class LoadingDisplay implements AutoCloseable {

  private static final long PATIENCE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long MEGABYTE = 1_000_000;

  private final Console console;
  private final LongSupplier nanoClock;
  private OptionalLong started = OptionalLong.empty();
  private Optional<Progress> progress = Optional.empty();
  private String shown = "";
  private long reported;

  public LoadingDisplay(Console console, LongSupplier nanoClock) {
    this.console = console;
    this.nanoClock = nanoClock;
  }

  /** As {@link io.github.llm2vec.torch.LoadListener}. */
  public void loaded(int done, int all) {
    long now = nanoClock.getAsLong();
    if (started.isEmpty()) {
      started = OptionalLong.of(now);
    }
    if (progress.isPresent() || now - started.getAsLong() > PATIENCE_NANOS) {
      show("Loading the model", "weights", done, all);
    }
  }

  /** As {@link io.github.llm2vec.hub.DownloadListener}. */
  public void downloaded(String model, String file, long done, long total) {
    show(
        "Fetching " + model + "/" + file, "MB", done / MEGABYTE, total < 0 ? -1 : total / MEGABYTE);
  }

  private void show(String task, String unit, long done, long total) {
    if (!shown.equals(task)) {
      close();
      shown = task;
      progress = Optional.of(Progress.start(console.err(), console.watched(), task, unit));
    }
    progress.ifPresent(
        display -> {
          if (total >= 0) {
            display.total(total);
          }
          display.advance(done - reported);
        });
    reported = done;
  }

  @Override
  public void close() {
    progress.ifPresent(Progress::close);
    progress = Optional.empty();
    shown = "";
    reported = 0;
  }
}
