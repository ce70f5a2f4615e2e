/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mteb;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.trainer.mteb.EvaluationTask;
import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.SearchMethod;
import io.github.llm2vec.trainer.mteb.TaskEvaluation;
import io.github.llm2vec.trainer.mteb.task.Finding;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/**
 * Shows how far an evaluation is, one display per stage, and ends it between two steps when the
 * user asks for that.
 */
final class MtebDisplay implements EvaluationListener, AutoCloseable {

  private static final int SHOWN_FINDINGS = 10;

  private final Console console;
  private final InterruptHandler stop;
  private Optional<Progress> progress = Optional.empty();
  private String stage = "";
  private int shown;
  private int findings;

  /** Ends an evaluation from within. */
  static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  MtebDisplay(Console console, InterruptHandler stop) {
    this.console = console;
    this.stop = stop;
  }

  @Override
  public void taskStarted(EvaluationTask task, int number, int tasks) {
    close();
    findings = 0;
    console.err().printf(Locale.ROOT, "Task %d of %d: %s%n", number, tasks, task);
    stopIfAsked();
  }

  @Override
  public void finding(EvaluationTask task, Finding finding) {
    findings++;
    if (findings <= SHOWN_FINDINGS) {
      close();
      console.err().println("  " + finding);
    } else if (findings == SHOWN_FINDINGS + 1) {
      console.err().println("  more of that is in the folder findings");
    }
  }

  @Override
  public void encoded(EvaluationTask task, String what, int done, int total, boolean fresh) {
    String name = "Encoding " + what;
    if (fresh) {
      show(name, what, done, total);
    } else {
      close();
      stage = name;
      shown = done;
      if (done == total) {
        console.err().printf(Locale.ROOT, "%,d %s were encoded before.%n", done, what);
      }
    }
    stopIfAsked();
  }

  @Override
  public void indexed(EvaluationTask task, SearchMethod method, int done, int total) {
    show("Indexing for " + method.label(), "vectors", done, total);
    stopIfAsked();
  }

  @Override
  public void searched(EvaluationTask task, SearchMethod method, int percent) {
    show("Searching by " + method.label(), "%", percent, 100);
    stopIfAsked();
  }

  @Override
  public void measured(EvaluationTask task, TaskEvaluation.MethodResult result) {
    close();
    PrintStream err = console.err();
    err.printf(
        Locale.ROOT,
        "%s: %s %.2f%n",
        result.label(),
        result.scores().mainScore(),
        100 * result.scores().main());
  }

  private void show(String name, String unit, int done, int total) {
    if (progress.isEmpty() || !stage.equals(name)) {
      int earlier = stage.equals(name) ? shown : 0;
      close();
      stage = name;
      shown = earlier;
      Progress opened =
          Progress.start(console.err(), console.watched(), "  " + name, unit, earlier);
      opened.total(total);
      progress = Optional.of(opened);
    }
    progress.get().advance(done - shown);
    shown = done;
  }

  private void stopIfAsked() {
    if (stop.requested()) {
      throw new Stopped();
    }
  }

  @Override
  public void close() {
    progress.ifPresent(Progress::close);
    progress = Optional.empty();
    stage = "";
    shown = 0;
  }
}
