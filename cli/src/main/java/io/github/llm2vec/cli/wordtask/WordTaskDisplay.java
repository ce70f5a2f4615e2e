/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.progress.StageProgress;
import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.mteb.report.TextTable;
import io.github.llm2vec.trainer.wordtask.WordScores;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining.WordTaskListener;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Progress display of a word task, one per stage; passes on that the user stops it. */
final class WordTaskDisplay implements WordTaskListener, AutoCloseable {

  /** How to resume a run. */
  static final String GOING_ON =
      "the same command goes on with --overwrite_output_dir false, from the last checkpoint";

  private final Console console;
  private final boolean watched;
  private final InterruptHandler stop;
  private final StageProgress progress;
  private long last;

  WordTaskDisplay(Console console, boolean watched, InterruptHandler stop) {
    this.console = console;
    this.watched = watched;
    this.stop = stop;
    this.progress = new StageProgress(console.err(), watched);
  }

  @Override
  public void encoded(String set, int done, int all) {
    progress.show("States of the " + set + " set", "sentences", done, done, all);
  }

  @Override
  public void started(Start start) {
    endStage();
    last = start.last();
  }

  @Override
  public void updated(Step step) {
    // What an earlier run did comes with the first call.
    progress.show("Training", "updates", step.step() - 1, step.step(), last);
  }

  @Override
  public void note(String text) {
    endStage();
    console.err().println(text);
  }

  @Override
  public void logged(MetricRecord metric) {
    Map<String, Double> values = metric.values();
    if (values.containsKey("loss") && !watched) {
      console.note(
          "update %,d: loss %.4f, learning rate %.3g",
          metric.step(), values.get("loss"), values.getOrDefault("learning_rate", Double.NaN));
    }
    if (values.containsKey("eval_loss")) {
      endStage();
      console.note(
          "update %,d: validation loss %.4f, accuracy %.2f, F1 %.2f",
          metric.step(),
          values.get("eval_loss"),
          100 * values.getOrDefault("eval_accuracy", Double.NaN),
          100 * values.getOrDefault("eval_f1", Double.NaN));
    }
  }

  @Override
  public void saved(Path folder) {
    if (!watched) {
      console.err().println("saved " + folder);
    }
  }

  @Override
  public boolean stopRequested() {
    return stop.requested();
  }

  @Override
  public void close() {
    endStage();
  }

  /** Ends the display of a stage, so that other lines can follow. */
  void endStage() {
    progress.close();
  }

  /**
   * Prints accuracy and the figures of spans, in hundredths. The types that seqeval reads into
   * parts of speech mean nothing and are left out.
   */
  static void print(PrintStream out, WordScores scores, WordTask task) {
    out.printf(
        Locale.ROOT,
        "accuracy %.2f of %,d words, loss %.4f%n",
        100 * scores.accuracy(),
        scores.words(),
        scores.loss());
    TextTable table = new TextTable("spans", "precision", "recall", "F1", "support");
    if (task == WordTask.CHUNK_TAGS || task == WordTask.NER_TAGS) {
      scores.byType().forEach((type, score) -> table.add(row(type, score)));
    }
    table.add(row("all", scores.overall()));
    out.print(table);
  }

  private static String[] row(String name, WordScores.SpanScore score) {
    return new String[] {
      name,
      String.format(Locale.ROOT, "%.2f", 100 * score.precision()),
      String.format(Locale.ROOT, "%.2f", 100 * score.recall()),
      String.format(Locale.ROOT, "%.2f", 100 * score.f1()),
      String.format(Locale.ROOT, "%,d", score.support())
    };
  }
}
