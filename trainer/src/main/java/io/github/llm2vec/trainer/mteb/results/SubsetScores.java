/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The scores of a subset of a task in MTEB's result files.
 *
 * @param subset name of the part, {@code default} for a task without parts
 * @param languages for example {@code eng-Latn}
 * @param mainScore name of the score by which systems are ranked
 * @param scores by name, in MTEB's order, between 0 and 1 (correlations from -1 on)
 */
public record SubsetScores(
    String subset, List<String> languages, String mainScore, Map<String, Double> scores) {

  /** Digits that MTEB keeps of the measures that it takes from trec_eval. */
  private static final int MEASURE_DIGITS = 5;

  /** Digits that MTEB keeps of everything when it writes a file. */
  static final int FILE_DIGITS = 6;

  /** Copies, keeping the order of the scores. */
  public SubsetScores {
    languages = List.copyOf(languages);
    scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
    if (!scores.containsKey(mainScore)) {
      throw new IllegalArgumentException(
          "the main score " + mainScore + " is not among the scores " + scores.keySet());
    }
  }

  /** The value of the main score. */
  public double main() {
    return Objects.requireNonNull(scores.get(mainScore), mainScore);
  }

  /**
   * The means of a run over its queries, rounded to five digits as MTEB does, but for the
   * reciprocal ranks, which MTEB computes by itself and does not round until it writes.
   */
  public static Map<String, Double> retrieval(RetrievalScores scores) {
    Map<String, Double> means = new LinkedHashMap<>();
    for (RetrievalMeasure measure : scores.measures()) {
      double mean = scores.mean(measure);
      boolean rounded = measure.kind() != RetrievalMeasure.Kind.MRR;
      means.put(measure.mtebName(), rounded ? round(mean, MEASURE_DIGITS) : mean);
    }
    return means;
  }

  /** The mean of every score that all parts have; CQADupStack is the mean of its forums. */
  public static SubsetScores mean(List<SubsetScores> parts) {
    SubsetScores first = parts.get(0);
    Map<String, Double> means = new LinkedHashMap<>();
    for (String name : first.scores.keySet()) {
      if (parts.stream().allMatch(part -> part.scores.containsKey(name))) {
        means.put(
            name, parts.stream().mapToDouble(part -> part.scores.get(name)).sum() / parts.size());
      }
    }
    return new SubsetScores(first.subset, first.languages, first.mainScore, means);
  }

  /** As Python's {@code round}: of the exact value, and halves to the even digit. */
  static double round(double value, int digits) {
    return Double.isFinite(value)
        ? new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).doubleValue()
        : value;
  }
}
