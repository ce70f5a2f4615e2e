/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.report;

import io.github.llm2vec.trainer.chart.Numbers;
import io.github.llm2vec.trainer.mteb.metrics.PairedTest;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import io.github.llm2vec.trainer.mteb.results.ResultComparison;
import java.util.List;

/** Tables of two results side by side, for a terminal. Scores are in hundredths. */
public final class ComparisonTables {

  private ComparisonTables() {}

  /** All scores that two results of one task have. */
  public static String scores(ResultComparison comparison) {
    TextTable table = new TextTable("score", "split", "subset", "first", "second", "difference");
    for (ResultComparison.Row row : comparison.rows()) {
      table.add(
          row.score(),
          row.split(),
          row.subset(),
          Numbers.percent(row.first()),
          Numbers.percent(row.second()),
          Numbers.difference(row.difference()));
    }
    return table.toString();
  }

  /** The main scores of two results of several tasks, and their means. */
  public static String mainScores(List<ResultComparison> comparisons) {
    TextTable table = new TextTable("task", "score", "split", "first", "second", "difference");
    double first = 0;
    double second = 0;
    for (ResultComparison comparison : comparisons) {
      ResultComparison.Row row = comparison.main();
      table.add(
          comparison.task(),
          row.score(),
          row.split(),
          Numbers.percent(row.first()),
          Numbers.percent(row.second()),
          Numbers.difference(row.difference()));
      first += row.first() / comparisons.size();
      second += row.second() / comparisons.size();
    }
    if (comparisons.size() > 1) {
      table.add(
          "mean",
          "",
          "",
          Numbers.percent(first),
          Numbers.percent(second),
          Numbers.difference(second - first));
    }
    return table.toString();
  }

  /**
   * The measures that two systems have on the queries that both were measured on, with the
   * probability that they differ so much by chance: by the paired t-test, and by the randomisation
   * test.
   *
   * @param measures what to show
   */
  public static String significance(
      RetrievalScores first, RetrievalScores second, List<RetrievalMeasure> measures) {
    TextTable table =
        new TextTable("measure", "queries", "first", "second", "difference", "p (t)", "p (random)");
    for (RetrievalMeasure measure : measures) {
      PairedTest test = ResultComparison.tTest(first, second, measure);
      table.add(
          measure.mtebName(),
          Numbers.count(test.queries()),
          Numbers.percent(ResultComparison.commonMean(first, second, measure)),
          Numbers.percent(ResultComparison.commonMean(second, first, measure)),
          Numbers.difference(test.meanDifference()),
          Numbers.pValue(test.pValue()),
          Numbers.pValue(ResultComparison.randomisation(first, second, measure).pValue()));
    }
    return table.toString();
  }
}
