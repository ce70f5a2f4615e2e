/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The chosen stretch against all stretches, tried one by one. */
class LengthBucketingTest {

  @Test
  void noOtherStretchWithTheOldestIsMuchFuller() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + 2000; seed++) {
      RandomQueues random = new RandomQueues(seed);
      List<QueuedText> documents =
          random.queue(0, 1 + random.nextInt(40), 1_000_000_000L).documents();
      BatchBudget budget = random.budget();
      double limit = random.nextInt(50) / 100.0;
      BatchShape chosen =
          new SelectedBatch(
                  new LengthBucketing(budget, budget.documents(), limit).withOldestOf(documents),
                  documents.get(0).role())
              .shape();
      check(seed, documents, budget, limit, chosen);
    }
  }

  @Test
  void leavesNoRoomWhereDocumentsAreAlike() {
    List<QueuedText> documents = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      documents.add(new QueuedText(i, Role.DOCUMENT, 100, i, QueuedText.NO_DEADLINE));
    }
    StepBudget step = new StepBudget(2000, 0, 1e9);
    BatchBudget budget =
        new BatchBudget(step, step, step, StepCost.UNKNOWN, BatchLayout.PACKED, 1024);
    assertEquals(
        documents.subList(0, 20), new LengthBucketing(budget, step, 0).withOldestOf(documents));
  }

  private static void check(
      long seed, List<QueuedText> documents, BatchBudget budget, double limit, BatchShape chosen) {
    List<QueuedText> sorted =
        documents.stream()
            .sorted(Comparator.comparingInt(QueuedText::tokens).thenComparingLong(QueuedText::id))
            .toList();
    int oldest = sorted.indexOf(documents.get(0));
    for (int from = 0; from <= oldest; from++) {
      for (int to = oldest; to < sorted.size(); to++) {
        BatchShape other =
            new SelectedBatch(sorted.subList(from, to + 1), documents.get(0).role()).shape();
        boolean allowed =
            budget.allows(budget.documents(), other)
                && (budget.layout() != BatchLayout.PADDED || other.paddingWaste() <= limit);
        if (allowed) {
          assertTrue(
              chosen.tokens() >= 0.9 * other.tokens(),
              () -> "seed " + seed + ": " + other + " is fuller than " + chosen);
        }
      }
    }
  }
}
