/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.task.Finding;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an evaluation found out about one task.
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
    List<CostPoint> costs,
    Map<Finding.Kind, Long> findings,
    double seconds) {

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
}
