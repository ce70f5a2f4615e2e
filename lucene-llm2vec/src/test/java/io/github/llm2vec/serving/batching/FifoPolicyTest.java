/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import java.util.List;
import org.junit.jupiter.api.Test;

class FifoPolicyTest {

  private static QueuedText text(long id, Role role, int tokens) {
    return new QueuedText(id, role, tokens, id, QueuedText.NO_DEADLINE);
  }

  private static List<Long> ids(QueueSnapshot queue, int maxTokens, BatchLayout layout) {
    StepBudget step = new StepBudget(maxTokens, 0, 0.001);
    BatchBudget budget =
        new BatchBudget(step, step, step, new StepCost(100, 1, 0), layout, Integer.MAX_VALUE);
    return new FifoPolicy().select(queue, budget).texts().stream().map(QueuedText::id).toList();
  }

  private static final QueueSnapshot QUEUE =
      new QueueSnapshot(
          List.of(text(2, Role.QUERY, 5)),
          List.of(
              text(0, Role.DOCUMENT, 30),
              text(1, Role.DOCUMENT, 40),
              text(3, Role.DOCUMENT, 50),
              text(4, Role.DOCUMENT, 1)),
          0,
          10);

  @Test
  void takesTextsInTheOrderOfArrivalWhateverTheirRole() {
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L), ids(QUEUE, 1000, BatchLayout.PACKED));
  }

  @Test
  void endsTheBatchAtTheFirstTextThatDoesNotFit() {
    assertEquals(List.of(0L, 1L, 2L), ids(QUEUE, 100, BatchLayout.PACKED));
    // Two rows of 40 positions, a third would make 120.
    assertEquals(List.of(0L, 1L), ids(QUEUE, 100, BatchLayout.PADDED));
  }

  @Test
  void takesATooLongTextAlone() {
    assertEquals(List.of(0L), ids(QUEUE, 10, BatchLayout.PACKED));
  }
}
