/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mteb;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.progress.StageProgress;
import io.github.llm2vec.trainer.mteb.EvaluationTask;
import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.SearchMethod;
import io.github.llm2vec.trainer.mteb.TaskEvaluation;
import io.github.llm2vec.trainer.mteb.task.Finding;

/**
 * Shows how far an evaluation is, one display per stage, and ends it between two steps when the
 * user asks for that.
 */
final class MtebDisplay implements EvaluationListener, AutoCloseable {

  private static final int SHOWN_FINDINGS = 10;

  private final Console console;
  private final InterruptHandler stop;
  private final StageProgress progress;
  private String resumed = "";
  private int earlier;
  private int findings;

  /** Ends an evaluation from within. */
  static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  MtebDisplay(Console console, InterruptHandler stop) {
    this.console = console;
    this.progress = console.stages();
    this.stop = stop;
  }

  @Override
  public void taskStarted(EvaluationTask task, int number, int tasks) {
    close();
    findings = 0;
    console.note("Task %d of %d: %s", number, tasks, task);
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
      progress.show("  " + name, what, name.equals(resumed) ? earlier : 0, done, total);
    } else {
      close();
      resumed = name;
      earlier = done;
      if (done == total) {
        console.note("%,d %s were encoded before.", done, what);
      }
    }
    stopIfAsked();
  }

  @Override
  public void indexed(EvaluationTask task, SearchMethod method, int done, int total) {
    progress.show("  Indexing for " + method.label(), "vectors", done, total);
    stopIfAsked();
  }

  @Override
  public void searched(EvaluationTask task, SearchMethod method, int percent) {
    progress.show("  Searching by " + method.label(), "%", percent, 100);
    stopIfAsked();
  }

  @Override
  public void measured(EvaluationTask task, TaskEvaluation.MethodResult result) {
    close();
    console.note(
        "%s: %s %.2f", result.label(), result.scores().mainScore(), 100 * result.scores().main());
  }

  private void stopIfAsked() {
    if (stop.requested()) {
      throw new Stopped();
    }
  }

  @Override
  public void close() {
    progress.close();
    resumed = "";
  }
}
