/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import io.github.llm2vec.solr.reembed.SearchComparison;
import io.github.llm2vec.trainer.mteb.metrics.Hit;
import io.github.llm2vec.trainer.mteb.metrics.PairedTest;
import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalEvaluator;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Decides whether a new model may take the place of the old one: with judgements by nDCG@10,
 * without by how many of the ten best hits stay.
 *
 * @param maxLoss by how much nDCG@10 may fall at most, also if that may be chance
 * @param minOverlap share of the hits that must stay where nothing is judged
 */
record QualityGate(double maxLoss, double minOverlap) {

  private static final double SIGNIFICANT = 0.05;
  private static final int SAMPLES = 100_000;
  private static final RetrievalMeasure MEASURE = RetrievalMeasure.NDCG_AT_10;

  /**
   * A decision.
   *
   * @param accepted whether the new model may serve
   * @param reason the figures
   */
  record Verdict(boolean accepted, String reason) {}

  /**
   * Decides by judgements. Worse is what is significantly lower by Fisher's randomisation test, or
   * lower by more than the loss that is allowed.
   *
   * @throws IllegalArgumentException if no query is judged
   */
  Verdict judged(SearchComparison found, Qrels judgements) {
    RetrievalEvaluator evaluator = new RetrievalEvaluator(judgements, List.of(MEASURE));
    RetrievalScores old = RetrievalScores.of(evaluator, judgements, hits(found.old()));
    RetrievalScores fresh = RetrievalScores.of(evaluator, judgements, hits(found.fresh()));
    if (old.queries().isEmpty()) {
      throw new IllegalArgumentException(
          "none of the %s queries has a judgement; do the ids of --queries and --qrels agree?"
              .formatted(found.queries().size()));
    }
    PairedTest test =
        PairedTest.randomisation(old.values(MEASURE), fresh.values(MEASURE), SAMPLES, 0);
    boolean worse =
        test.meanDifference() < 0
            && (test.pValue() < SIGNIFICANT || -test.meanDifference() > maxLoss);
    return new Verdict(
        !worse,
        String.format(
            Locale.ROOT,
            "nDCG@10 of %d judged queries: old %.4f, new %.4f, difference %+.4f, p %.3g",
            test.queries(),
            old.mean(MEASURE),
            fresh.mean(MEASURE),
            test.meanDifference(),
            test.pValue()));
  }

  private static Map<String, List<Hit>> hits(Map<String, List<SearchComparison.Hit>> found) {
    Map<String, List<Hit>> hits = new LinkedHashMap<>();
    found.forEach(
        (query, documents) ->
            hits.put(
                query,
                documents.stream().map(hit -> new Hit(hit.documentId(), hit.score())).toList()));
    return hits;
  }

  /** Decides by what stays. */
  Verdict unjudged(SearchComparison found) {
    double overlap = found.overlap();
    return new Verdict(
        overlap >= minOverlap,
        String.format(
            Locale.ROOT,
            "%.3f of the ten best hits of %d queries stay; --min-overlap is %.3f",
            overlap,
            found.queries().size(),
            minOverlap));
  }
}
