/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.progress.StageProgress;
import io.github.llm2vec.torch.GemmThroughput;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.loop.TrainerCallback;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Progress display of training: loss, tokens per second, share of the machine's fastest matrix
 * product, time left.
 */
final class TrainingDisplay implements TrainerCallback, AutoCloseable {

  /** Shorter runs are not worth measuring the machine. */
  private static final double PATIENCE_SECONDS = 10;

  private static final int ROWS = 512;
  private static final int WIDTH = 1024;

  private final PrintStream err;
  private final boolean bar;
  private final Runnable loaded;
  private final StageProgress progress;
  private Optional<TrainerCallback.Start> start = Optional.empty();
  private double ceiling; // operations per second, 0 while unknown
  private double seconds;
  private double tokens;
  private double smoothLoss = Double.NaN;

  /**
   * @param err where it is shown
   * @param bar whether a bar is drawn over itself
   * @param loaded ends the display of what came before
   */
  TrainingDisplay(PrintStream err, boolean bar, Runnable loaded) {
    this.err = err;
    this.bar = bar;
    this.loaded = loaded;
    this.progress = new StageProgress(err, bar);
  }

  @Override
  public void started(TrainerCallback.Start run) {
    loaded.run();
    start = Optional.of(run);
    progress.show("Training", "updates", run.step(), run.step(), run.last());
  }

  @Override
  public void updated(TrainerCallback.Step report) {
    seconds += report.seconds();
    tokens += report.tokens();
    smoothLoss = Double.isNaN(smoothLoss) ? report.loss() : 0.9 * smoothLoss + 0.1 * report.loss();
    if (ceiling == 0 && seconds > PATIENCE_SECONDS) {
      TrainerCallback.Cost cost = start.orElseThrow().cost();
      // The CPU is one machine, however often it is listed.
      ceiling =
          cost.devices().stream()
              .distinct()
              .mapToDouble(on -> 1e9 * GemmThroughput.measure(cost.dtype(), on, ROWS, WIDTH, WIDTH))
              .sum();
    }
    progress.message(message());
    progress.show("Training", "updates", report.step(), start.orElseThrow().last());
  }

  private String message() {
    double rate = tokens / Math.max(seconds, 1e-9);
    String text = String.format(Locale.ROOT, "loss %.4f, %,.0f tokens/s", smoothLoss, rate);
    if (ceiling == 0) {
      return text;
    }
    double share = rate * start.orElseThrow().cost().operationsPerToken() / ceiling;
    return text + String.format(Locale.ROOT, ", %.0f%% of the machine", 100 * share);
  }

  @Override
  public void logged(MetricRecord metric) {
    Map<String, Double> values = metric.values();
    if (values.containsKey("eval_loss")) {
      StringBuilder text = new StringBuilder();
      text.append(String.format(Locale.ROOT, "After %,d updates: held-out loss", metric.step()));
      text.append(String.format(Locale.ROOT, " %.4f", values.get("eval_loss")));
      for (String name : List.of("accuracy", "cosine")) {
        Double value = values.get("eval_" + name);
        if (value != null) {
          text.append(String.format(Locale.ROOT, ", %s %.4f", name, value));
        }
      }
      line(text.toString());
    }
  }

  @Override
  public void teacherEncoded(int done, int total) {
    if (!progress.isOpen()) {
      loaded.run();
    }
    progress.show("Teacher", "texts", done, total);
    if (done == total) {
      progress.close();
    }
  }

  @Override
  public void note(String text) {
    line(text);
  }

  @Override
  public void saved(Path checkpoint) {
    line("Saved " + checkpoint);
  }

  private void line(String text) {
    // A bar stands on a line of its own that has not ended.
    err.println(bar && progress.isOpen() ? "\r" + text : text);
  }

  /** Ends the display before the last words. */
  void finish() {
    progress.close();
  }

  @Override
  public void close() {
    finish();
  }
}
