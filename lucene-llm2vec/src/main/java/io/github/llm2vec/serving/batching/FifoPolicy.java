/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * First come, first served, filled up to the most tokens of a batch: the rule of Hugging Face's
 * text-embeddings-inference (its {@code core/src/queue.rs}). The first text that does not fit ends
 * the batch, time plays no part, and a query waits behind every document that came before it.
 */
public final class FifoPolicy implements BatchPolicy {

  @Override
  public SelectedBatch select(QueueSnapshot queue, BatchBudget budget) {
    List<QueuedText> waiting =
        Stream.concat(queue.queries().stream(), queue.documents().stream())
            .sorted(Comparator.comparingLong(QueuedText::id))
            .toList();
    List<QueuedText> chosen = new ArrayList<>();
    BatchShape shape = BatchShape.EMPTY;
    for (QueuedText text : waiting) {
      shape = shape.plus(text.tokens());
      boolean fits =
          shape.texts() <= budget.maxTexts()
              && shape.positions(budget.layout()) <= budget.documents().maxTokens();
      if (!chosen.isEmpty() && !fits) {
        break;
      }
      chosen.add(text);
    }
    return new SelectedBatch(chosen, chosen.get(0).role());
  }
}
