/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Serves queries before documents, without starving documents.
 *
 * <ul>
 *   <li>While queries wait, a step belongs to them: earliest deadline first, one that does not fit
 *       is left for the next step. What room there is below the ridge is filled with the oldest
 *       documents that fit, for the device reads its weights anyway.
 *   <li>Otherwise a step belongs to documents: the oldest one is always in, and with it those of
 *       similar length that fill the step ({@link LengthBucketing}).
 *   <li>Documents that have waited too long get every n-th step although queries wait. Such a step
 *       is no larger than one of queries, so that it delays them little.
 * </ul>
 *
 * <p>Hence a query never waits for more than the one long step that had begun when it came, and the
 * k-th document of the queue is encoded with the k-th step of documents at the latest.
 *
 * @param maxDocumentAgeNanos age at which documents are owed a step
 * @param queryStepsBetween steps of queries between two owed ones of documents
 * @param maxQueryAgeNanos no query counts as less urgent than one due so long after its arrival;
 *     without it, queries without a deadline would wait for ever behind those that have one
 * @param wasteLimit most padding in a batch of documents whose rows are padded, as a part from 0 to
 *     1
 */
public record PriorityBatchPolicy(
    long maxDocumentAgeNanos, int queryStepsBetween, long maxQueryAgeNanos, double wasteLimit)
    implements BatchPolicy {

  @Override
  public SelectedBatch select(QueueSnapshot queue, BatchBudget budget) {
    if (!queue.queries().isEmpty() && !documentsAreOwed(queue)) {
      return new SelectedBatch(queriesAndTopUp(queue, budget), Role.QUERY);
    }
    StepBudget step = queue.queries().isEmpty() ? budget.documents() : budget.queries();
    return new SelectedBatch(
        new LengthBucketing(budget, step, wasteLimit).withOldestOf(queue.documents()),
        Role.DOCUMENT);
  }

  private boolean documentsAreOwed(QueueSnapshot queue) {
    return !queue.documents().isEmpty()
        && queue.stepsSinceDocuments() >= queryStepsBetween
        && queue.documents().get(0).ageNanos(queue.nowNanos()) >= maxDocumentAgeNanos;
  }

  private List<QueuedText> queriesAndTopUp(QueueSnapshot queue, BatchBudget budget) {
    List<QueuedText> chosen = new ArrayList<>();
    BatchShape shape = BatchShape.EMPTY;
    for (QueuedText query : byUrgency(queue.queries())) {
      BatchShape next = shape.plus(query.tokens());
      if (chosen.isEmpty() || budget.allows(budget.queries(), next)) {
        chosen.add(query);
        shape = next;
      }
    }
    for (QueuedText document : queue.documents()) {
      BatchShape next = shape.plus(document.tokens());
      if (budget.allows(budget.topUp(), next)) {
        chosen.add(document);
        shape = next;
      }
    }
    return chosen;
  }

  private List<QueuedText> byUrgency(List<QueuedText> queries) {
    return queries.stream()
        .sorted(Comparator.comparingLong(this::dueNanos).thenComparingLong(QueuedText::id))
        .toList();
  }

  private long dueNanos(QueuedText query) {
    return Math.min(query.deadlineNanos(), Nanos.plus(query.arrivalNanos(), maxQueryAgeNanos));
  }
}
