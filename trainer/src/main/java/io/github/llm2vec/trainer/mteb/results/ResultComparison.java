/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import io.github.llm2vec.trainer.mteb.metrics.PairedTest;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The comparison of two results of the same task.
 *
 * @param task MTEB's name of the task
 * @param rows the scores that both have
 * @param main the score by which systems are ranked, of the first split
 */
public record ResultComparison(String task, List<Row> rows, Row main) {

  /** Samples of the randomisation test; p-values are then exact to about 0.002. */
  public static final int SAMPLES = 100_000;

  /** Makes a p-value the same every time. */
  public static final long SEED = 42;

  /**
   * One score.
   *
   * @param split for example {@code test}
   * @param subset part of the task
   * @param score name of the score
   * @param first value in the first result
   * @param second value in the second
   */
  public record Row(String split, String subset, String score, double first, double second) {

    /** The second value less the first. */
    public double difference() {
      return second - first;
    }
  }

  /** Copies. */
  public ResultComparison {
    rows = List.copyOf(rows);
  }

  /**
   * Compares two results.
   *
   * @throws IllegalArgumentException if they are of different tasks or have no score in common
   */
  public static ResultComparison of(TaskResult first, TaskResult second) {
    if (!first.task().equals(second.task())) {
      throw new IllegalArgumentException(
          "results of different tasks cannot be compared: %s and %s"
              .formatted(first.task(), second.task()));
    }
    List<Row> rows = new ArrayList<>();
    new TreeMap<>(first.splits())
        .forEach(
            (split, subsets) ->
                subsets.forEach(
                    subset ->
                        second.splits().getOrDefault(split, List.of()).stream()
                            .filter(other -> other.subset().equals(subset.subset()))
                            .forEach(other -> rows.addAll(rows(split, subset, other)))));
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          "the results of %s have no score in common: the splits are %s and %s"
              .formatted(first.task(), first.splits().keySet(), second.splits().keySet()));
    }
    return new ResultComparison(first.task(), rows, main(first, rows));
  }

  private static Row main(TaskResult first, List<Row> rows) {
    return rows.stream()
        .filter(
            row ->
                Objects.requireNonNull(first.splits().get(row.split()), row.split()).stream()
                    .anyMatch(subset -> subset.mainScore().equals(row.score())))
        .findFirst()
        .orElse(rows.get(0));
  }

  private static List<Row> rows(String split, SubsetScores first, SubsetScores second) {
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<String, Double> score : first.scores().entrySet()) {
      Double other = second.scores().get(score.getKey());
      if (other != null) {
        rows.add(new Row(split, first.subset(), score.getKey(), score.getValue(), other));
      }
    }
    return rows;
  }

  /**
   * Whether two systems differ, by the paired t-test on the queries that both were measured on.
   *
   * @param measure what to compare
   */
  public static PairedTest tTest(
      RetrievalScores first, RetrievalScores second, RetrievalMeasure measure) {
    List<String> queries = common(first, second);
    return PairedTest.tTest(values(first, queries, measure), values(second, queries, measure));
  }

  /** As {@link #tTest}, by the randomisation test with {@link #SAMPLES} and {@link #SEED}. */
  public static PairedTest randomisation(
      RetrievalScores first, RetrievalScores second, RetrievalMeasure measure) {
    List<String> queries = common(first, second);
    return PairedTest.randomisation(
        values(first, queries, measure), values(second, queries, measure), SAMPLES, SEED);
  }

  /** The mean of the first system over the queries that both were measured on. */
  public static double commonMean(
      RetrievalScores first, RetrievalScores second, RetrievalMeasure measure) {
    return Arrays.stream(values(first, common(first, second), measure)).average().orElse(0);
  }

  private static List<String> common(RetrievalScores first, RetrievalScores second) {
    return first.queries().stream().filter(second.queries()::contains).toList();
  }

  private static double[] values(
      RetrievalScores scores, List<String> queries, RetrievalMeasure measure) {
    return queries.stream().mapToDouble(query -> scores.value(query, measure)).toArray();
  }
}
