/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.progress.StageProgress;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * Progress display of loading a model: one per downloaded file, one for the weights. A small model
 * loads in no time and is not worth a line, so weights are shown only when they take longer than a
 * second.
 */
public final class LoadingDisplay implements AutoCloseable {

  private static final long PATIENCE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long MEGABYTE = 1_000_000;

  private final StageProgress progress;
  private OptionalLong started = OptionalLong.empty();

  public LoadingDisplay(Console console) {
    this.progress = console.stages();
  }

  /** As {@link io.github.llm2vec.torch.LoadListener}. */
  public void loaded(int done, int all) {
    long now = System.nanoTime();
    if (started.isEmpty()) {
      started = OptionalLong.of(now);
    }
    if (progress.isOpen() || now - started.getAsLong() > PATIENCE_NANOS) {
      progress.show("Loading the model", "weights", done, all);
    }
  }

  /** As {@link io.github.llm2vec.hub.DownloadListener}. */
  public void downloaded(String model, String file, long done, long total) {
    progress.show(
        "Fetching " + model + "/" + file, "MB", done / MEGABYTE, total < 0 ? -1 : total / MEGABYTE);
  }

  @Override
  public void close() {
    progress.close();
  }
}
