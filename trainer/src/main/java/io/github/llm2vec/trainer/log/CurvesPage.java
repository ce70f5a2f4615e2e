/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.log;

import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.chart.LineChart;
import io.github.llm2vec.trainer.chart.LineChart.Point;
import io.github.llm2vec.trainer.chart.LineChart.Series;
import io.github.llm2vec.trainer.chart.Marks;
import io.github.llm2vec.trainer.chart.Markup;
import io.github.llm2vec.trainer.chart.Numbers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * {@code curves.html}: the curves of a run as one HTML file: losses, validation accuracy, learning
 * rate, gradient norm.
 */
public final class CurvesPage {

  /** Points that a line of the page's width can show. */
  private static final int MOST_POINTS = 600;

  /**
   * A curve.
   *
   * @param key the figure's name in records
   * @param name for the legend
   */
  private record Curve(String key, String name) {}

  private CurvesPage() {}

  /**
   * Writes the page.
   *
   * @param title what was trained
   * @param history every record of the run
   */
  public static void write(Path file, String title, List<MetricRecord> history) throws IOException {
    Markup body = new Markup();
    chart(
        body,
        "Loss",
        List.of(new Curve("loss", "training"), new Curve("eval_loss", "held out")),
        history);
    chart(body, "Held-out accuracy", List.of(new Curve("eval_accuracy", "accuracy")), history);
    chart(body, "Learning rate", List.of(new Curve("learning_rate", "learning rate")), history);
    chart(body, "Gradient norm", List.of(new Curve("grad_norm", "norm before the limit")), history);
    figures(body, history);
    AtomicFile.write(file, Markup.Page.of("Training of " + title, title, "", body));
  }

  private static void chart(
      Markup body, String title, List<Curve> curves, List<MetricRecord> history) {
    List<Series> series = new ArrayList<>();
    List<String> names = curves.stream().map(Curve::name).toList();
    for (int i = 0; i < curves.size(); i++) {
      List<Point> points = points(curves.get(i), history);
      if (!points.isEmpty()) {
        series.add(new Series(i, names.get(i), points));
      }
    }
    if (series.isEmpty()) {
      return;
    }
    body.add("<h2>%s</h2>\n", title);
    if (series.size() > 1) {
      body.raw(Marks.legend(names, names));
    }
    body.raw(
        new LineChart(
                title, "updates", title.toLowerCase(Locale.ROOT), LineChart.Scale.LINEAR, series)
            .svg());
  }

  private static List<Point> points(Curve curve, List<MetricRecord> history) {
    List<MetricRecord> found =
        history.stream().filter(metric -> metric.values().containsKey(curve.key())).toList();
    int every = Math.max(1, (found.size() + MOST_POINTS - 1) / MOST_POINTS);
    List<Point> points = new ArrayList<>();
    for (int i = found.size() - 1; i >= 0; i -= every) {
      double value = Objects.requireNonNull(found.get(i).values().get(curve.key()));
      String label = "update " + Numbers.count(found.get(i).step()) + ": " + value;
      points.add(0, new Point(found.get(i).step(), value, label));
    }
    return points;
  }

  /** The last value of every figure. */
  private static void figures(Markup body, List<MetricRecord> history) {
    Map<String, String> last = new TreeMap<>();
    for (MetricRecord metric : history) {
      metric.values().forEach((name, value) -> last.put(name, Numbers.format("%.6g", value)));
    }
    body.raw("<h2>Last figures</h2>\n<table>\n<tbody>\n");
    last.forEach(
        (name, value) -> body.add("<tr><td>%s</td><td class=\"n\">%s</td></tr>\n", name, value));
    body.raw("</tbody>\n</table>\n");
  }
}
