/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The results of an evaluation: one {@link TaskEvaluation} per task.
 *
 * @param model name of the model, "" if only words were searched
 * @param tasks in the order they were evaluated
 * @param aggregates tasks that are the mean of some of these
 */
public record EvaluationOutcome(
    String model, List<TaskEvaluation> tasks, List<Aggregate> aggregates) {

  /**
   * A task that is the mean of others.
   *
   * @param task name
   * @param members the tasks it is made of
   * @param scores main score by method label, in the order of the methods
   */
  public record Aggregate(String task, List<String> members, Map<String, Double> scores) {
    /** Copies, keeping the order. */
    public Aggregate {
      members = List.copyOf(members);
      scores = new LinkedHashMap<>(scores);
    }
  }

  /** Copies. */
  public EvaluationOutcome {
    tasks = List.copyOf(tasks);
    aggregates = List.copyOf(aggregates);
  }

  /** The methods of all tasks, in the order in which they first come up. */
  public List<String> labels() {
    return tasks.stream()
        .flatMap(task -> task.methods().stream())
        .map(TaskEvaluation.MethodResult::label)
        .distinct()
        .toList();
  }

  /**
   * The mean of a method's main scores as MTEB takes it: over tasks, where the members of a mean
   * count together as that one task.
   *
   * @return empty if the method was used on no task
   */
  public Optional<Double> mean(String label) {
    List<Double> scores = new ArrayList<>();
    List<String> members =
        aggregates.stream().flatMap(aggregate -> aggregate.members().stream()).toList();
    for (TaskEvaluation task : tasks) {
      if (!members.contains(task.task())) {
        task.main(label).ifPresent(scores::add);
      }
    }
    for (Aggregate aggregate : aggregates) {
      if (aggregate.scores().containsKey(label)) {
        scores.add(aggregate.scores().get(label));
      }
    }
    return scores.isEmpty()
        ? Optional.empty()
        : Optional.of(scores.stream().mapToDouble(Double::doubleValue).sum() / scores.size());
  }
}
