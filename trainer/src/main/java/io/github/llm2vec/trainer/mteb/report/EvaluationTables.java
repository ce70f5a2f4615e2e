/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.report;

import io.github.llm2vec.trainer.chart.Numbers;
import io.github.llm2vec.trainer.mteb.EvaluationOutcome;
import io.github.llm2vec.trainer.mteb.TaskEvaluation;
import java.util.ArrayList;
import java.util.List;

/** Tables of an evaluation for a terminal. Scores are in hundredths. */
public final class EvaluationTables {

  private EvaluationTables() {}

  /** Every task with the main score of every method, and their mean. */
  public static String summary(EvaluationOutcome outcome) {
    List<String> labels = outcome.labels();
    List<String> columns = new ArrayList<>(List.of("task", "split", "queries", "documents"));
    columns.addAll(labels);
    TextTable table = new TextTable(columns.toArray(String[]::new));
    for (TaskEvaluation task : outcome.tasks()) {
      List<String> row =
          new ArrayList<>(
              List.of(
                  task.task(),
                  task.split(),
                  Numbers.count(task.size().queries()),
                  task.size().documents() == 0 ? "" : Numbers.count(task.size().documents())));
      labels.forEach(label -> row.add(task.main(label).map(Numbers::percent).orElse("")));
      table.add(row.toArray(String[]::new));
    }
    for (EvaluationOutcome.Aggregate aggregate : outcome.aggregates()) {
      List<String> row = new ArrayList<>(List.of(aggregate.task(), "mean", "", ""));
      for (String label : labels) {
        Double score = aggregate.scores().get(label);
        row.add(score == null ? "" : Numbers.percent(score));
      }
      table.add(row.toArray(String[]::new));
    }
    if (outcome.tasks().size() > 1) {
      List<String> row = new ArrayList<>(List.of("mean", "", "", ""));
      labels.forEach(label -> row.add(outcome.mean(label).map(Numbers::percent).orElse("")));
      table.add(row.toArray(String[]::new));
    }
    return table.toString();
  }

  /** How every method relates to the exact search; "" if nothing was compared. */
  public static String againstExact(EvaluationOutcome outcome) {
    TextTable table =
        new TextTable(
            "task", "method", "nDCG@10", "loss", "overlap@10", "p (t)", "p (random)", "search");
    boolean any = false;
    for (TaskEvaluation task : outcome.tasks()) {
      for (TaskEvaluation.MethodResult method : task.methods()) {
        for (TaskEvaluation.MethodResult.AgainstExact against : method.comparison()) {
          any = true;
          table.add(
              task.task(),
              method.label(),
              Numbers.percent(method.scores().main()),
              Numbers.difference(against.loss()),
              Numbers.percent(against.overlapAt10()),
              Numbers.pValue(against.pValue()),
              Numbers.pValue(against.randomisationPValue()),
              Numbers.seconds(method.searchSeconds()));
        }
      }
    }
    return any ? table.toString() : "";
  }

  /** What queries cost; "" if that was not measured. */
  public static String costs(TaskEvaluation task) {
    if (task.costs().isEmpty()) {
      return "";
    }
    TextTable table =
        new TextTable("method", "efSearch", "median ms", "p95 ms", "nDCG@10", "overlap@10");
    for (TaskEvaluation.LatencyPoint point : task.costs()) {
      table.add(
          point.label(),
          point.efSearch() == 0 ? "" : String.valueOf(point.efSearch()),
          Numbers.millis(point.medianMillis()),
          Numbers.millis(point.p95Millis()),
          Numbers.percent(point.ndcgAt10()),
          Numbers.percent(point.overlapAt10()));
    }
    return table.toString();
  }
}
