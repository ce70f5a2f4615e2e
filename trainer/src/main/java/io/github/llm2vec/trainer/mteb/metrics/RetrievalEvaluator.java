/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Measures rankings as trec_eval does.
 *
 * <p>Rankings are put into {@link Hit#TREC_ORDER} first, whatever order they come in. The gain of a
 * document is its grade, discounted by the logarithm to base 2 of its rank plus 1 (trec_eval's
 * {@code m_ndcg_cut.c}); documents without a judgement and those with a negative grade gain
 * nothing. A document is relevant for the other measures if its grade is at least 1. A query
 * without relevant documents has 0 in every measure.
 *
 * <p>Thread-safe.
 *
 * @param judgements what is relevant
 * @param measures what to measure
 */
public record RetrievalEvaluator(Qrels judgements, List<RetrievalMeasure> measures) {

  private static final double LOG_2 = Math.log(2);

  /** Copies what it is given. */
  public RetrievalEvaluator {
    measures = List.copyOf(measures);
  }

  /**
   * Measures one ranking.
   *
   * @param queryId a query; without judgements all its values are 0, and {@link
   *     RetrievalScores#add} leaves it out
   * @param hits in any order
   * @return one value per measure
   * @throws IllegalArgumentException if a document is in the ranking twice
   */
  public double[] score(String queryId, List<Hit> hits) {
    Map<String, Integer> grades = judgements.of(queryId);
    int[] found = ranked(queryId, hits, grades);
    int[] ideal =
        grades.values().stream()
            .filter(grade -> grade > 0)
            .sorted((a, b) -> Integer.compare(b, a))
            .mapToInt(Integer::intValue)
            .toArray();
    return measures.stream().mapToDouble(measure -> value(measure, found, ideal)).toArray();
  }

  /** The grades of the hits, best ranked first; 0 for everything that gains nothing. */
  private static int[] ranked(String queryId, List<Hit> hits, Map<String, Integer> grades) {
    Set<String> seen = new HashSet<>();
    for (Hit hit : hits) {
      if (!seen.add(hit.documentId())) {
        throw new IllegalArgumentException(
            "query '%s' has document '%s' twice in its ranking; a ranking holds a document once"
                .formatted(queryId, hit.documentId()));
      }
    }
    return hits.stream()
        .sorted(Hit.TREC_ORDER)
        .mapToInt(hit -> Math.max(0, grades.getOrDefault(hit.documentId(), 0)))
        .toArray();
  }

  private static double value(RetrievalMeasure measure, int[] found, int[] ideal) {
    if (ideal.length == 0) {
      return 0;
    }
    int ranks = Math.min(measure.cutoff(), found.length);
    return switch (measure.kind()) {
      case NDCG -> gain(found, ranks) / gain(ideal, Math.min(measure.cutoff(), ideal.length));
      case MAP -> sumOfPrecisions(found, ranks) / ideal.length;
      case MRR -> reciprocalRank(found, ranks);
      case RECALL -> (double) relevant(found, ranks) / ideal.length;
      case PRECISION -> precision(measure, found, ranks);
    };
  }

  private static double gain(int[] grades, int ranks) {
    double gain = 0;
    for (int i = 0; i < ranks; i++) {
      if (grades[i] > 0) {
        gain += grades[i] / (Math.log(i + 2) / LOG_2);
      }
    }
    return gain;
  }

  private static double sumOfPrecisions(int[] grades, int ranks) {
    double sum = 0;
    int relevant = 0;
    for (int i = 0; i < ranks; i++) {
      if (grades[i] > 0) {
        relevant++;
        sum += (double) relevant / (i + 1);
      }
    }
    return sum;
  }

  private static double reciprocalRank(int[] grades, int ranks) {
    for (int i = 0; i < ranks; i++) {
      if (grades[i] > 0) {
        return 1.0 / (i + 1);
      }
    }
    return 0;
  }

  /** A short ranking is divided by the cutoff all the same: what was not found is not relevant. */
  private static double precision(RetrievalMeasure measure, int[] grades, int ranks) {
    int places = measure.cutoff() == RetrievalMeasure.WHOLE ? grades.length : measure.cutoff();
    return places == 0 ? 0 : (double) relevant(grades, ranks) / places;
  }

  private static int relevant(int[] grades, int ranks) {
    int relevant = 0;
    for (int i = 0; i < ranks; i++) {
      relevant += grades[i] > 0 ? 1 : 0;
    }
    return relevant;
  }
}
