/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.report;

import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.chart.BarChart;
import io.github.llm2vec.trainer.chart.LineChart;
import io.github.llm2vec.trainer.chart.Marks;
import io.github.llm2vec.trainer.chart.Markup;
import io.github.llm2vec.trainer.chart.Numbers;
import io.github.llm2vec.trainer.mteb.EvaluationOutcome;
import io.github.llm2vec.trainer.mteb.TaskEvaluation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An evaluation as one HTML file that loads nothing: a table of tasks and methods, bars, the loss
 * against the exact search, what queries cost against what they are worth, and every score of every
 * task to unfold.
 */
public final class HtmlReport {

  private final EvaluationOutcome outcome;
  private final List<String> labels;
  private final Markup html = new Markup();

  private HtmlReport(EvaluationOutcome outcome) {
    this.outcome = outcome;
    this.labels = outcome.labels();
  }

  /**
   * Writes the report.
   *
   * @param file usually {@code report.html}
   * @param subtitle a line of the caller's, such as the date and the machine; may be empty
   */
  public static void write(Path file, EvaluationOutcome outcome, String subtitle)
      throws IOException {
    AtomicFile.write(file, of(outcome, subtitle));
  }

  /** The report as a string. */
  public static String of(EvaluationOutcome outcome, String subtitle) {
    return new HtmlReport(outcome).page(subtitle);
  }

  private String page(String subtitle) {
    String name = outcome.model().isEmpty() ? "BM25" : outcome.model();
    summary();
    bars();
    againstExact();
    for (TaskEvaluation task : outcome.tasks()) {
      costs(task);
    }
    html.raw("<h2>Every score</h2>\n");
    outcome.tasks().forEach(this::details);
    return Markup.Page.of("Evaluation of " + name, name, subtitle, html);
  }

  private void summary() {
    html.raw("<h2>Main scores</h2>\n<table>\n<thead><tr><th>task</th><th class=\"n\">queries</th>");
    html.raw("<th class=\"n\">documents</th>");
    labels.forEach(label -> html.add("<th class=\"n\">%s</th>", label));
    html.raw("</tr></thead>\n<tbody>\n");
    for (TaskEvaluation task : outcome.tasks()) {
      Map<String, Double> scores = new LinkedHashMap<>();
      labels.forEach(label -> task.main(label).ifPresent(score -> scores.put(label, score)));
      String documents = task.size().documents() == 0 ? "" : Numbers.count(task.size().documents());
      html.add("<tr><td>%s <span class=\"dim\">%s</span></td>", task.task(), task.split());
      html.add("<td class=\"n\">%s</td>", Numbers.count(task.size().queries()));
      html.add("<td class=\"n\">%s</td>", documents);
      scoreCells(scores);
    }
    for (EvaluationOutcome.Aggregate aggregate : outcome.aggregates()) {
      html.add(
          "<tr><td>%s <span class=\"dim\">mean of %s</span></td><td></td><td></td>",
          aggregate.task(), aggregate.members().size());
      scoreCells(aggregate.scores());
    }
    html.raw("</tbody>\n");
    if (outcome.tasks().size() > 1) {
      Map<String, Double> means = new LinkedHashMap<>();
      labels.forEach(label -> outcome.mean(label).ifPresent(mean -> means.put(label, mean)));
      html.raw("<tfoot><tr><td>mean</td><td></td><td></td>");
      scoreCells(means);
      html.raw("</tfoot>\n");
    }
    html.raw(
        "</table>\n<p class=\"note\">nDCG@10 of retrieval and Spearman's correlation of pairs,");
    html.raw(" in hundredths. The best of a row is bold.</p>\n");
  }

  private void scoreCells(Map<String, Double> scores) {
    double best = scores.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    for (String label : labels) {
      Double score = scores.get(label);
      String text = score == null ? "" : Numbers.percent(score);
      boolean isBest = scores.size() > 1 && text.equals(Numbers.percent(best));
      html.add(isBest ? "<td class=\"n\"><b>%s</b></td>" : "<td class=\"n\">%s</td>", text);
    }
    html.raw("</tr>\n");
  }

  private void bars() {
    List<BarChart.Group> groups = new ArrayList<>();
    for (TaskEvaluation task : outcome.tasks()) {
      groups.add(
          new BarChart.Group(
              task.task(),
              labels.stream().map(label -> 100 * task.main(label).orElse(Double.NaN)).toList()));
    }
    html.raw("<h2>Task by task</h2>\n").raw(Marks.legend(labels, labels));
    html.raw(new BarChart("Main score of every task and method", labels, groups).svg());
  }

  private void againstExact() {
    if (outcome.tasks().stream()
        .flatMap(task -> task.methods().stream())
        .allMatch(method -> method.comparison().isEmpty())) {
      return;
    }
    html.raw("<h2>Against the exact search</h2>\n<table>\n<thead><tr><th>task</th><th>method</th>");
    for (String name :
        List.of("nDCG@10", "loss", "overlap@10", "p, t-test", "p, randomisation", "all queries")) {
      html.add("<th class=\"n\">%s</th>", name);
    }
    html.raw("</tr></thead>\n<tbody>\n");
    for (TaskEvaluation task : outcome.tasks()) {
      for (TaskEvaluation.MethodResult method : task.methods()) {
        method.comparison().forEach(against -> againstRow(task, method, against));
      }
    }
    html.raw(
        "</tbody>\n</table>\n<p class=\"note\">Loss: nDCG@10 of the exact search less that of");
    html.raw(" the method. Overlap: share of the exact search's first ten that the method has");
    html.raw(" among its first ten. p: how likely a difference of this size is by chance, by the");
    html.raw(" paired t-test and by the randomisation test over queries.</p>\n");
  }

  private void againstRow(
      TaskEvaluation task,
      TaskEvaluation.MethodResult method,
      TaskEvaluation.MethodResult.AgainstExact against) {
    html.add("<tr><td>%s</td><td>%s</td>", task.task(), method.label());
    for (String cell :
        List.of(
            Numbers.percent(method.scores().main()),
            Numbers.difference(against.loss()),
            Numbers.percent(against.overlapAt10()),
            Numbers.pValue(against.pValue()),
            Numbers.pValue(against.randomisationPValue()),
            Numbers.seconds(method.searchSeconds()))) {
      html.add("<td class=\"n\">%s</td>", cell);
    }
    html.raw("</tr>\n");
  }

  private void costs(TaskEvaluation task) {
    if (task.costs().isEmpty()) {
      return;
    }
    Map<String, List<LineChart.Point>> lines = new LinkedHashMap<>();
    for (TaskEvaluation.LatencyPoint point : task.costs()) {
      String how = point.efSearch() == 0 ? "every vector" : "efSearch " + point.efSearch();
      lines
          .computeIfAbsent(point.label(), label -> new ArrayList<>())
          .add(
              new LineChart.Point(
                  point.medianMillis(),
                  100 * point.ndcgAt10(),
                  "%s: %s ms, nDCG@10 %s, overlap %s"
                      .formatted(
                          how,
                          Numbers.millis(point.medianMillis()),
                          Numbers.percent(point.ndcgAt10()),
                          Numbers.percent(point.overlapAt10()))));
    }
    List<LineChart.Series> series = new ArrayList<>();
    lines.forEach(
        (label, points) -> series.add(new LineChart.Series(labels.indexOf(label), label, points)));
    html.add("<h2>What a query costs: %s</h2>\n", task.task());
    html.raw(Marks.legend(labels, lines.keySet()));
    html.raw(
        new LineChart(
                "nDCG@10 against the time of a query on " + task.task(),
                "median milliseconds of a query for 10 documents (logarithmic)",
                "nDCG@10",
                LineChart.Scale.LOGARITHMIC,
                series)
            .svg());
    html.add(
        "<p class=\"note\">In one Lucene segment of %s vectors of %s dimensions, one thread, %s"
            + " queries. Along a line the beam (efSearch) widens.</p>\n",
        Numbers.count(task.size().documents()),
        task.size().dimensions(),
        task.costs().get(0).queries());
  }

  private void details(TaskEvaluation task) {
    html.add(
        "<details><summary>%s <span class=\"dim\">%s, %s</span></summary>\n",
        task.task(), task.type(), task.split());
    html.add("<p>Instruction: <q>%s</q></p>\n", task.instruction());
    task.findings()
        .forEach((kind, count) -> html.add("<p class=\"warn\">%s %s</p>\n", count, kind.label()));
    html.raw("<table>\n<thead><tr><th>score</th>");
    task.methods().forEach(method -> html.add("<th class=\"n\">%s</th>", method.label()));
    html.raw("</tr></thead>\n<tbody>\n");
    for (String score : task.methods().get(0).scores().scores().keySet()) {
      html.add("<tr><td>%s</td>", score);
      for (TaskEvaluation.MethodResult method : task.methods()) {
        html.add(
            "<td class=\"n\">%s</td>",
            Numbers.percent(method.scores().scores().getOrDefault(score, Double.NaN)));
      }
      html.raw("</tr>\n");
    }
    html.add(
        "</tbody>\n</table>\n<p class=\"note\">The task took %s.</p>\n</details>\n",
        Numbers.seconds(task.seconds()));
  }
}
