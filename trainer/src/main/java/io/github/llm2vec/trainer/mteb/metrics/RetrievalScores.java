/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The measures of a run, by query and on average.
 *
 * <p>Like trec_eval without options, the mean is over the queries that have both a ranking (which
 * may be empty) and judgements.
 */
public final class RetrievalScores {

  private final List<RetrievalMeasure> measures;
  private final Set<String> judged;
  private final Map<String, double[]> byQuery = new LinkedHashMap<>();

  /**
   * Starts without queries.
   *
   * @param measures what is measured
   * @param judged the queries that have judgements; others are not counted
   */
  public RetrievalScores(List<RetrievalMeasure> measures, Set<String> judged) {
    this.measures = List.copyOf(measures);
    this.judged = judged;
  }

  /**
   * Measures every ranking of a run.
   *
   * @param evaluator measures
   * @param judgements what the evaluator measures against
   * @param rankings hits by query id
   */
  public static RetrievalScores of(
      RetrievalEvaluator evaluator, Qrels judgements, Map<String, List<Hit>> rankings) {
    RetrievalScores scores = new RetrievalScores(evaluator.measures(), judgements.queries());
    rankings.forEach((query, hits) -> scores.add(query, evaluator.score(query, hits)));
    return scores;
  }

  /**
   * Adds a query; one without judgements is left out, as it says nothing.
   *
   * @param queryId a query that was not added before
   * @param values one per measure
   */
  public void add(String queryId, double[] values) {
    if (values.length != measures.size()) {
      throw new IllegalArgumentException(
          "query '%s' has %s values for %s measures"
              .formatted(queryId, values.length, measures.size()));
    }
    if (judged.contains(queryId) && byQuery.put(queryId, values.clone()) != null) {
      throw new IllegalArgumentException("query '" + queryId + "' was measured before");
    }
  }

  /** What was measured, in the order of the values. */
  public List<RetrievalMeasure> measures() {
    return measures;
  }

  /** The measured queries, in the order they were added. */
  public Set<String> queries() {
    return Collections.unmodifiableSet(byQuery.keySet());
  }

  /** The value of one query. */
  public double value(String queryId, RetrievalMeasure measure) {
    double[] values = byQuery.get(queryId);
    if (values == null) {
      throw new IllegalArgumentException("query '" + queryId + "' was not measured");
    }
    return values[index(measure)];
  }

  /** The values of all queries, in the order of {@link #queries()}. */
  public double[] values(RetrievalMeasure measure) {
    int index = index(measure);
    return byQuery.values().stream().mapToDouble(values -> values[index]).toArray();
  }

  /** The mean over the measured queries; 0 if there are none. */
  public double mean(RetrievalMeasure measure) {
    return sum(measure) / Math.max(1, byQuery.size());
  }

  private double sum(RetrievalMeasure measure) {
    double sum = 0;
    for (double value : values(measure)) {
      sum += value;
    }
    return sum;
  }

  private int index(RetrievalMeasure measure) {
    int index = measures.indexOf(measure);
    if (index < 0) {
      throw new IllegalArgumentException(measure + " was not measured; measured: " + measures);
    }
    return index;
  }
}
