/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.progress.StageProgress;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Locale;

/**
 * The three standard streams and what is known of them, handed to every command so that tests can
 * stand in for a terminal.
 *
 * @param in what is typed or piped in
 * @param out results, and nothing else
 * @param err progress, hints and errors
 * @param typed whether a person types at {@code in}
 * @param watched whether a person watches {@code err}, so that a progress bar makes sense
 */
public record Console(
    InputStream in, PrintStream out, PrintStream err, boolean typed, boolean watched) {

  /** Prints a line to {@link #err}, numbers alike in all locales. */
  public void note(String format, Object... values) {
    err.println(String.format(Locale.ROOT, format, values));
  }

  /** Writes a line of the result. */
  public void say(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }

  /** Starts to show the progress of a task, as {@link Progress#start} does. */
  public Progress progress(String task, String unit) {
    return progress(task, unit, 0);
  }

  /** Starts to show the progress of a task that an earlier run has begun. */
  public Progress progress(String task, String unit, long earlier) {
    return Progress.start(err, watched, task, unit, earlier);
  }

  /** Shows the progress of what is done in stages. */
  public StageProgress stages() {
    return new StageProgress(err, watched);
  }
}
