/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.progress;

import java.io.PrintStream;

/** Progress of a task, shown to the user. Used from one thread. */
public interface Progress extends AutoCloseable {

  /** Says how many steps there are in all, as far as is known now; it may be called again. */
  void total(long steps);

  /** Says that so many more steps are done. */
  void advance(long steps);

  /** Says something about the last step, such as a figure that is watched. */
  void message(String text);

  /** Ends the display; what was done is printed a last time. */
  @Override
  void close();

  /**
   * Starts the display that suits who reads it.
   *
   * @param target where it is shown
   * @param watched whether a person watches the target
   * @param task what is done, for example "Encoding"
   * @param unit what a step is, in the plural, for example "texts"
   * @param earlier steps that an earlier run has done; they do not count for the rate
   */
  static Progress start(
      PrintStream target, boolean watched, String task, String unit, long earlier) {
    return watched
        ? new BarProgress(target, task, unit, earlier)
        : new LogProgress(target, task, unit, earlier, System::nanoTime);
  }
}
