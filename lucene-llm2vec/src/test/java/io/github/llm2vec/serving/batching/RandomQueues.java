/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes up queues and budgets. Equal seeds give equal ones. */
final class RandomQueues {

  private final Random random;
  private long nextId;

  RandomQueues(long seed) {
    this.random = new Random(seed);
  }

  QueueSnapshot queue(int queries, int documents, long nowNanos) {
    List<QueuedText> both = new ArrayList<>();
    for (int i = 0; i < queries + documents; i++) {
      // Ids and arrivals rise together, whatever the lane.
      long arrival = nowNanos * i / (queries + documents);
      boolean query = random.nextInt(queries + documents - i) < queries - countQueries(both);
      both.add(text(query ? Role.QUERY : Role.DOCUMENT, arrival));
    }
    return new QueueSnapshot(
        both.stream().filter(text -> text.role() == Role.QUERY).toList(),
        both.stream().filter(text -> text.role() == Role.DOCUMENT).toList(),
        random.nextInt(6),
        nowNanos);
  }

  private static int countQueries(List<QueuedText> texts) {
    return (int) texts.stream().filter(text -> text.role() == Role.QUERY).count();
  }

  QueuedText text(Role role, long arrivalNanos) {
    int longest = role == Role.QUERY ? 40 : random.nextInt(8) == 0 ? 4000 : 500;
    long deadline =
        random.nextInt(3) == 0
            ? arrivalNanos + random.nextInt(2_000_000_000)
            : QueuedText.NO_DEADLINE;
    return new QueuedText(nextId++, role, 1 + random.nextInt(longest), arrivalNanos, deadline);
  }

  BatchBudget budget() {
    int maxTokens = 1 + random.nextInt(4000);
    int ridge = Math.min(maxTokens, random.nextInt(300));
    double queryMillis = random.nextDouble() * 50;
    StepCost cost =
        new StepCost(random.nextDouble() * 10, random.nextDouble(), random.nextDouble() * 1e-3);
    return new BatchBudget(
        new StepBudget(maxTokens, ridge, queryMillis),
        new StepBudget(ridge, 0, queryMillis),
        new StepBudget(maxTokens, 0, queryMillis + random.nextDouble() * 400),
        cost,
        List.of(BatchLayout.values()).get(random.nextInt(3)),
        1 + random.nextInt(200));
  }

  PriorityBatchPolicy policy() {
    return new PriorityBatchPolicy(
        random.nextInt(2_000_000_000),
        1 + random.nextInt(4),
        random.nextInt(2_000_000_000),
        random.nextDouble() * 0.5);
  }

  int nextInt(int bound) {
    return random.nextInt(bound);
  }
}
