/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds for every queue, budget and setting; a failure names the seed that shows it. */
class BatchPolicyPropertiesTest {

  private static final int CASES = 3000;
  private static final long NOW = 5_000_000_000L;

  private static void forSeeds(LongConsumer property) {
    long first = System.nanoTime();
    for (long seed = first; seed < first + CASES; seed++) {
      try {
        property.accept(seed);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static QueueSnapshot someQueue(RandomQueues random) {
    int queries = random.nextInt(3) == 0 ? 0 : random.nextInt(60);
    return random.queue(queries, random.nextInt(120) + (queries == 0 ? 1 : 0), NOW);
  }

  private static BatchPolicy somePolicy(RandomQueues random) {
    return random.nextInt(4) == 0 ? new FifoPolicy() : random.policy();
  }

  @Test
  void choosesWaitingTextsOnceEach() {
    forSeeds(
        seed -> {
          RandomQueues random = new RandomQueues(seed);
          QueueSnapshot queue = someQueue(random);
          List<QueuedText> chosen = somePolicy(random).select(queue, random.budget()).texts();
          assertFalse(chosen.isEmpty());
          Set<QueuedText> waiting =
              new HashSet<>(
                  Stream.concat(queue.queries().stream(), queue.documents().stream()).toList());
          for (QueuedText text : chosen) {
            assertTrue(waiting.remove(text), () -> text + " does not wait, or was chosen twice");
          }
        });
  }

  @Test
  void keepsTheBudgetUnlessOneTextAloneExceedsIt() {
    forSeeds(
        seed -> {
          RandomQueues random = new RandomQueues(seed);
          QueueSnapshot queue = someQueue(random);
          BatchBudget budget = random.budget();
          SelectedBatch batch = random.policy().select(queue, budget);
          boolean mayBeLong = batch.lane() == Role.DOCUMENT && queue.queries().isEmpty();
          StepBudget step = mayBeLong ? budget.documents() : budget.queries();
          boolean kept =
              budget.allows(step, batch.shape())
                  || (batch.lane() == Role.QUERY && budget.allows(budget.topUp(), batch.shape()));
          assertTrue(kept || batch.texts().size() == 1, () -> batch + " exceeds " + budget);
        });
  }

  @Test
  void paddingOfDocumentBatchesKeepsTheLimit() {
    forSeeds(
        seed -> {
          RandomQueues random = new RandomQueues(seed);
          QueueSnapshot queue = random.queue(0, 1 + random.nextInt(100), NOW);
          BatchBudget budget = random.budget();
          PriorityBatchPolicy policy = random.policy();
          BatchShape shape = policy.select(queue, budget).shape();
          if (budget.layout() == BatchLayout.PADDED) {
            assertTrue(shape.paddingWaste() <= policy.wasteLimit(), shape::toString);
          }
        });
  }

  @Test
  void alwaysChoosesTheMostUrgentOfTheLaneWhoseTurnItIs() {
    forSeeds(
        seed -> {
          RandomQueues random = new RandomQueues(seed);
          QueueSnapshot queue = someQueue(random);
          PriorityBatchPolicy policy = random.policy();
          SelectedBatch batch = policy.select(queue, random.budget());
          if (batch.lane() == Role.DOCUMENT) {
            assertTrue(batch.texts().contains(queue.documents().get(0)));
          } else {
            QueuedText first = queue.queries().get(0);
            for (QueuedText query : queue.queries()) {
              if (due(policy, query) < due(policy, first)) {
                first = query;
              }
            }
            assertTrue(batch.texts().contains(first));
          }
        });
  }

  private static long due(PriorityBatchPolicy policy, QueuedText query) {
    return Math.min(query.deadlineNanos(), query.arrivalNanos() + policy.maxQueryAgeNanos());
  }

  @Test
  void documentsGoBeforeQueriesOnlyWhenTheyAreOwedAStep() {
    forSeeds(
        seed -> {
          RandomQueues random = new RandomQueues(seed);
          QueueSnapshot queue = random.queue(1 + random.nextInt(20), random.nextInt(50), NOW);
          PriorityBatchPolicy policy = random.policy();
          boolean owed =
              !queue.documents().isEmpty()
                  && NOW - queue.documents().get(0).arrivalNanos() >= policy.maxDocumentAgeNanos()
                  && queue.stepsSinceDocuments() >= policy.queryStepsBetween();
          Role lane = policy.select(queue, random.budget()).lane();
          assertEquals(owed ? Role.DOCUMENT : Role.QUERY, lane);
        });
  }

  @Test
  void equalArgumentsGiveEqualBatches() {
    forSeeds(
        seed -> {
          RandomQueues random = new RandomQueues(seed);
          RandomQueues again = new RandomQueues(seed);
          assertEquals(
              somePolicy(random).select(someQueue(random), random.budget()),
              somePolicy(again).select(someQueue(again), again.budget()));
        });
  }

  @Test
  void everythingLeavesTheQueueOnceAndDocumentsAreNotStarved() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + 100; seed++) {
      drain(seed);
    }
  }

  /** A queue into which so many queries keep coming that there is always one. */
  private static void drain(long seed) {
    RandomQueues random = new RandomQueues(seed);
    PriorityBatchPolicy policy = random.policy();
    QueueSnapshot start = random.queue(random.nextInt(10), 1 + random.nextInt(60), NOW);
    List<QueuedText> queries = new ArrayList<>(start.queries());
    List<QueuedText> documents = new ArrayList<>(start.documents());
    Set<Long> left = new HashSet<>();
    int size = documents.size();
    int since = 0;
    // Old enough from here on: each document takes one owed step at most, and no two steps of
    // documents have more than the allowed ones of queries between them.
    long now = NOW + policy.maxDocumentAgeNanos();
    int mostSteps = (size + 1) * (policy.queryStepsBetween() + 1);
    int steps = 0;
    while (!documents.isEmpty()) {
      assertTrue(steps++ <= mostSteps, "seed " + seed + ": starved after " + steps + " steps");
      queries.add(random.text(Role.QUERY, now));
      SelectedBatch batch =
          policy.select(new QueueSnapshot(queries, documents, since, now), random.budget());
      since = batch.lane() == Role.DOCUMENT ? 0 : since + 1;
      for (QueuedText text : batch.texts()) {
        assertTrue(left.add(text.id()), "seed " + seed + ": twice " + text);
      }
      queries.removeAll(batch.texts());
      documents.removeAll(batch.texts());
    }
    start.documents().forEach(text -> assertTrue(left.contains(text.id()), "seed " + seed));
  }

  @Test
  void queriesWithoutDeadlineAreNotStarvedByThoseWithOne() {
    PriorityBatchPolicy policy = new PriorityBatchPolicy(0, 3, 1_000_000_000L, 0.15);
    StepBudget ten = new StepBudget(10, 10, 0);
    BatchBudget budget =
        new BatchBudget(
            ten, StepBudget.NONE, ten, StepCost.UNKNOWN, BatchLayout.PACKED, Integer.MAX_VALUE);
    List<QueuedText> queries = new ArrayList<>();
    queries.add(new QueuedText(0, Role.QUERY, 10, 0, QueuedText.NO_DEADLINE));
    long now = 0;
    for (int step = 1; step < 100; step++) {
      // Always two more that are due in half a second; each fills a step.
      now += 100_000_000;
      queries.add(new QueuedText(2L * step, Role.QUERY, 10, now, now + 500_000_000));
      queries.add(new QueuedText(2L * step + 1, Role.QUERY, 10, now, now + 500_000_000));
      SelectedBatch batch = policy.select(new QueueSnapshot(queries, List.of(), 0, now), budget);
      queries.removeAll(batch.texts());
      if (batch.texts().get(0).id() == 0) {
        return;
      }
    }
    throw new AssertionError("never chosen");
  }
}
