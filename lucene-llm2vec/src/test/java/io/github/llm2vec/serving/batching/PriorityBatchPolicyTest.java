/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rules by example. */
class PriorityBatchPolicyTest {

  private static final long SECOND = 1_000_000_000L;

  private final PriorityBatchPolicy policy = new PriorityBatchPolicy(2 * SECOND, 3, SECOND, 0.15);

  /** Texts that arrive one nanosecond after another, with ids from the given one. */
  private static List<QueuedText> texts(Role role, int firstId, int... lengths) {
    List<QueuedText> texts = new ArrayList<>();
    for (int length : lengths) {
      int id = firstId + texts.size();
      texts.add(new QueuedText(id, role, length, id, QueuedText.NO_DEADLINE));
    }
    return texts;
  }

  private static BatchBudget budget(BatchLayout layout) {
    return new BatchBudget(
        new StepBudget(1000, 100, 20),
        new StepBudget(100, 0, 20),
        new StepBudget(1000, 0, 60),
        new StepCost(10, 0.1, 0),
        layout,
        1024);
  }

  private List<Long> ids(List<QueuedText> queries, List<QueuedText> documents) {
    return ids(new QueueSnapshot(queries, documents, 0, 100), BatchLayout.PACKED);
  }

  private List<Long> ids(QueueSnapshot queue, BatchLayout layout) {
    return policy.select(queue, budget(layout)).texts().stream()
        .map(QueuedText::id)
        .sorted()
        .toList();
  }

  private static List<Long> longs(long... values) {
    return Arrays.stream(values).boxed().toList();
  }

  @Test
  void fillsAStepOfQueriesWithTheOldestDocumentsThatFitBelowTheRidge() {
    assertEquals(
        longs(0, 1, 3, 4),
        ids(texts(Role.QUERY, 0, 30, 30), texts(Role.DOCUMENT, 2, 50, 20, 20, 10)));
  }

  @Test
  void leavesDocumentsOutWhereFillingWouldTakeLongerThanAStepOfQueriesMay() {
    BatchBudget slow =
        new BatchBudget(
            new StepBudget(1000, 100, 20),
            new StepBudget(100, 0, 20),
            new StepBudget(1000, 0, 60),
            new StepCost(0, 2, 0),
            BatchLayout.PACKED,
            1024);
    SelectedBatch batch =
        policy.select(
            new QueueSnapshot(texts(Role.QUERY, 0, 10), texts(Role.DOCUMENT, 1, 1), 0, 100), slow);
    assertEquals(1, batch.texts().size());
  }

  @Test
  void leavesAQueryThatDoesNotFitForTheNextStep() {
    // 20 ms pay for 100 tokens.
    assertEquals(longs(0, 2), ids(texts(Role.QUERY, 0, 60, 50, 40), List.of()));
  }

  @Test
  void takesTheEarliestDeadlineFirst() {
    List<QueuedText> queries =
        List.of(
            new QueuedText(0, Role.QUERY, 90, 0, QueuedText.NO_DEADLINE),
            new QueuedText(1, Role.QUERY, 90, 1, SECOND / 2),
            new QueuedText(2, Role.QUERY, 90, 2, SECOND / 4));
    assertEquals(longs(2), ids(queries, List.of()));
  }

  @Test
  void takesDocumentsOfTheOldestOnesLength() {
    // 60 ms pay for 500 tokens. The oldest has 100; 4 more like it fill the step.
    assertEquals(
        longs(0, 2, 4, 6, 8),
        ids(List.of(), texts(Role.DOCUMENT, 0, 100, 10, 101, 300, 99, 20, 100, 400, 100, 300, 30)));
  }

  @Test
  void givesATextThatIsLongerThanAnyStepOneOfItsOwn() {
    assertEquals(longs(0), ids(List.of(), texts(Role.DOCUMENT, 0, 5000, 10, 10)));
    assertEquals(longs(0), ids(texts(Role.QUERY, 0, 5000, 10), List.of()));
  }

  @Test
  void rejectsPaddingAboveTheLimitWhereRowsArePadded() {
    QueueSnapshot queue =
        new QueueSnapshot(List.of(), texts(Role.DOCUMENT, 0, 100, 90, 40, 150), 0, 100);
    // 100 and 90 waste 5 %; 100 and 150 would waste 17 %, 100, 90 and 40 would 23 %.
    assertEquals(longs(0, 1), ids(queue, BatchLayout.PADDED));
    assertEquals(longs(0, 1, 2, 3), ids(queue, BatchLayout.PACKED));
  }

  @Test
  void owesOldDocumentsAStepNoLargerThanOneOfQueries() {
    List<QueuedText> queries = texts(Role.QUERY, 100, 10);
    List<QueuedText> documents = texts(Role.DOCUMENT, 0, 50, 50, 50, 50, 50, 50);
    QueueSnapshot young = new QueueSnapshot(queries, documents, 3, 2 * SECOND - 1);
    QueueSnapshot old = new QueueSnapshot(queries, documents, 3, 2 * SECOND);
    QueueSnapshot oldButServed = new QueueSnapshot(queries, documents, 2, 2 * SECOND);
    BatchBudget budget = budget(BatchLayout.PACKED);
    assertEquals(Role.QUERY, policy.select(young, budget).lane());
    assertEquals(Role.QUERY, policy.select(oldButServed, budget).lane());
    assertEquals(Role.DOCUMENT, policy.select(old, budget).lane());
    assertEquals(longs(0, 1), ids(old, BatchLayout.PACKED));
  }

  @Test
  void reckonsAttentionOverPaddedRowsWhereOnlyAttentionIsPadded() {
    BatchShape shape = BatchShape.EMPTY.plus(10).plus(4);
    assertEquals(14, shape.positions(BatchLayout.PADDED_ATTENTION));
    assertEquals(200, shape.attentionPairs(BatchLayout.PADDED_ATTENTION));
    assertEquals(116, shape.attentionPairs(BatchLayout.PACKED));
    assertEquals(20, shape.positions(BatchLayout.PADDED));
  }
}
