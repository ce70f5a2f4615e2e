/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.model.DownloadListener;
import io.github.llm2vec.torch.LoadListener;
import java.util.Optional;

/** Shows how the files of a model are fetched and its weights loaded, one display after another. */
final class ModelProgress implements DownloadListener, LoadListener {

  private final Console console;
  private Optional<Progress> display = Optional.empty();
  private String task = "";
  private long shown;

  ModelProgress(Console console) {
    this.console = console;
  }

  @Override
  public void progressed(String model, String file, long done, long total) {
    show("Fetching " + file, "bytes", done, total);
  }

  @Override
  public void loaded(int done, int all) {
    show("Loading the model", "tensors", done, all);
  }

  private synchronized void show(String newTask, String unit, long done, long total) {
    if (!newTask.equals(task)) {
      display.ifPresent(Progress::close);
      display = Optional.of(Progress.start(console.err(), console.watched(), newTask, unit));
      task = newTask;
      shown = 0;
    }
    Progress progress = display.orElseThrow();
    if (total > 0) {
      progress.total(total);
    }
    progress.advance(Math.max(0, done - shown));
    shown = Math.max(shown, done);
    if (done == total) {
      progress.close();
      display = Optional.empty();
      task = "";
    }
  }
}
