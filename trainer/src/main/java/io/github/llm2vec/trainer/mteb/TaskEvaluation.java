/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import io.github.llm2vec.trainer.mteb.results.SubsetScores;
import io.github.llm2vec.trainer.mteb.task.Finding;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The results of one task.
 *
 * @param task name
 * @param type kind of task in MTEB
 * @param split what was measured
 * @param instruction put before queries
 * @param size how much there was
 * @param methods one result per way of searching, in the order asked for
 * @param costs what queries cost, if that was measured
 * @param findings number of findings in the data by kind
 * @param seconds how long the task took in this run
 */
public record TaskEvaluation(
    String task,
    String type,
    String split,
    String instruction,
    Size size,
    List<MethodResult> methods,
    List<LatencyPoint> costs,
    Map<Finding.Kind, Long> findings,
    double seconds) {

  /**
   * The encoder that is evaluated, with its name and revision.
   *
   * @param name of the model in result files; a slash may part the organisation from the model
   * @param revision of the model in result files; the name of a folder, too
   * @param encoder not closed by the evaluation
   * @param queryEncoder encodes the queries of retrieval tasks; another one than {@code encoder} if
   *     it gives vectors of the same space. Not closed by the evaluation
   */
  public record EvaluatedModel(
      String name, String revision, TextEncoder encoder, TextEncoder queryEncoder) {

    /** Rejects null. */
    public EvaluatedModel {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(revision, "revision");
      Objects.requireNonNull(encoder, "encoder");
      if (queryEncoder.dimensions() != encoder.dimensions()) {
        throw new IllegalArgumentException(
            "the model of the queries gives vectors of %s dimensions, that of the documents of %s"
                .formatted(queryEncoder.dimensions(), encoder.dimensions()));
      }
    }

    /** Identity of the vectors of both sides. */
    String fingerprint() {
      return queryEncoder.fingerprint().equals(encoder.fingerprint())
          ? encoder.fingerprint()
          : encoder.fingerprint() + "-" + queryEncoder.fingerprint();
    }
  }

  /**
   * How much a task has.
   *
   * @param queries searched queries, or pairs
   * @param documents searched documents, 0 for pairs
   * @param dimensions length of the vectors, 0 if there are none
   */
  public record Size(int queries, int documents, int dimensions) {}

  /** Copies. */
  public TaskEvaluation {
    methods = List.copyOf(methods);
    costs = List.copyOf(costs);
    findings = Map.copyOf(findings);
  }

  /** The main score of a method, if it was used. */
  public Optional<Double> main(String label) {
    return methods.stream()
        .filter(method -> method.label().equals(label))
        .map(method -> method.scores().main())
        .findFirst();
  }

  /**
   * What a query for 10 documents costs in Lucene, one query at a time on one thread, and what it
   * is worth.
   *
   * @param label of the method
   * @param efSearch candidates of the walk through the graph; 0 if every vector is compared
   * @param medianMillis time that half of the queries stay below
   * @param p95Millis time that 95 of 100 queries stay below
   * @param ndcgAt10 mean over the queries
   * @param overlapAt10 mean share of the true 10 nearest that were found
   * @param queries how many were timed
   */
  public record LatencyPoint(
      String label,
      int efSearch,
      double medianMillis,
      double p95Millis,
      double ndcgAt10,
      double overlapAt10,
      int queries) {}

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
}
