/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything an evaluation found out.
 *
 * @param model name of the model, "" if only words were searched
 * @param tasks in the order they were evaluated
 * @param aggregates tasks that are the mean of others, with the main score by method label
 */
public record EvaluationOutcome(
    String model, List<TaskEvaluation> tasks, Map<String, Map<String, Double>> aggregates) {

  /** Copies, keeping orders. */
  public EvaluationOutcome {
    tasks = List.copyOf(tasks);
    aggregates = new LinkedHashMap<>(aggregates);
  }
}
