/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.progress;

import java.io.PrintStream;
import java.util.Optional;

/**
 * Progress of what is done in stages: one display after the other, each told how much is done in
 * all. Used from one thread.
 */
public final class StageProgress implements AutoCloseable {

  private final PrintStream target;
  private final boolean watched;
  private Optional<Progress> progress = Optional.empty();
  private String stage = "";
  private long shown;

  /**
   * @param target where it is shown
   * @param watched whether a person watches the target
   */
  public StageProgress(PrintStream target, boolean watched) {
    this.target = target;
    this.watched = watched;
  }

  /** Whether a stage is shown now. */
  public boolean isOpen() {
    return progress.isPresent();
  }

  /**
   * Shows a stage, and ends the display of the one before.
   *
   * @param task what is done, for example "Encoding"
   * @param unit what a step is, in the plural
   * @param done steps done in all
   * @param total steps there are in all, negative if nobody knows
   */
  public void show(String task, String unit, long done, long total) {
    show(task, unit, 0, done, total);
  }

  /** As above, for a stage that an earlier run has begun: its steps do not count for the rate. */
  public void show(String task, String unit, long earlier, long done, long total) {
    if (progress.isEmpty() || !stage.equals(task + unit)) {
      close();
      stage = task + unit;
      shown = earlier;
      progress = Optional.of(Progress.start(target, watched, task, unit, earlier));
    }
    Progress display = progress.get();
    if (total >= 0) {
      display.total(total);
    }
    display.advance(done - shown);
    shown = done;
  }

  /** Says something about the last step, such as a figure that is watched. */
  public void message(String text) {
    progress.ifPresent(display -> display.message(text));
  }

  /** Ends the display of the stage, so that other lines can follow. */
  @Override
  public void close() {
    progress.ifPresent(Progress::close);
    progress = Optional.empty();
  }
}
