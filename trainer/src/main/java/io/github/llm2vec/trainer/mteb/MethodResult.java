/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.measure.RetrievalScores;
import io.github.llm2vec.trainer.mteb.run.SubsetScores;
import java.util.List;

/**
 * What one way of searching is worth on one task.
 *
 * @param label of the method; "similarity" for pairs
 * @param system name in files
 * @param scores as in the result file
 * @param queries value of every query; empty for pairs
 * @param comparison how the vectors' exact search relates to it; empty for that search itself and
 *     where it was not measured
 * @param searchSeconds how long all queries took together
 */
public record MethodResult(
    String label,
    String system,
    SubsetScores scores,
    List<RetrievalScores> queries,
    List<AgainstExact> comparison,
    double searchSeconds) {

  /** Copies. */
  public MethodResult {
    queries = List.copyOf(queries);
    comparison = List.copyOf(comparison);
  }

  /**
   * A way of searching against the exact search of the same vectors, on nDCG@10.
   *
   * @param loss nDCG@10 of the exact search less this one's
   * @param pValue of the paired t-test; NaN if no query differs
   * @param randomisationPValue of the randomisation test
   * @param overlapAt10 share of the exact search's first 10 documents that are among the first 10
   */
  public record AgainstExact(
      double loss, double pValue, double randomisationPValue, double overlapAt10) {}
}
