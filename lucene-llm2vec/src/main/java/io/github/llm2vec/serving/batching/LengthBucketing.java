/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Picks documents of similar length for one batch. The candidates are sorted by length; of every
 * stretch of them that holds the oldest document and keeps the budget, the one that fills the step
 * is taken. Among stretches that fill it about equally the one whose lengths differ least wins,
 * then the one with the older documents.
 *
 * @param budget how cost is reckoned
 * @param step what the step may cost
 * @param wasteLimit most padding, where rows are padded throughout
 */
public record LengthBucketing(BatchBudget budget, StepBudget step, double wasteLimit) {

  /** Stretches with at least this part of the most tokens count as equally full. */
  private static final double FULL = 0.9;

  /**
   * Picks a batch.
   *
   * @param documents in order of arrival, not empty; the first is in the result
   */
  public List<QueuedText> withOldestOf(List<QueuedText> documents) {
    List<QueuedText> sorted =
        documents.stream()
            .sorted(Comparator.comparingInt(QueuedText::tokens).thenComparingLong(QueuedText::id))
            .toList();
    Sums sums = Sums.of(sorted);
    int anchor = sorted.indexOf(documents.get(0));
    List<Run> runs =
        IntStream.range(anchor, sorted.size())
            .takeWhile(last -> budget.allows(step, sums.shape(anchor, last)))
            .filter(last -> allows(sums.shape(anchor, last)))
            .mapToObj(last -> new Run(first(sums, anchor, last), last))
            .toList();
    if (runs.isEmpty()) {
      // The oldest is too long for any step, so it gets one of its own.
      return List.of(documents.get(0));
    }
    List<Run> full =
        IntStream.range(0, runs.size())
            .filter(i -> isMaximal(runs, i))
            .mapToObj(runs::get)
            .toList();
    long most = full.stream().mapToLong(run -> run.shape(sums).tokens()).max().orElseThrow();
    Run best =
        full.stream()
            .filter(run -> run.shape(sums).tokens() >= FULL * most)
            .min(
                Comparator.comparingDouble((Run run) -> run.shape(sums).paddingWaste())
                    .thenComparingDouble(run -> run.meanId(sums)))
            .orElseThrow();
    return sorted.subList(best.first, best.last + 1);
  }

  /** Whether a run cannot be continued to the next longer document without losing a shorter one. */
  private static boolean isMaximal(List<Run> runs, int index) {
    return index == runs.size() - 1 || runs.get(index + 1).first > runs.get(index).first;
  }

  private boolean allows(BatchShape shape) {
    boolean wasteful = budget.layout() == BatchLayout.PADDED && shape.paddingWaste() > wasteLimit;
    return !wasteful && budget.allows(step, shape);
  }

  /** The shortest document with which a run may begin; cost and padding only grow on the way. */
  private int first(Sums sums, int anchor, int last) {
    int refused = -1;
    int allowed = anchor;
    while (allowed - refused > 1) {
      int middle = (allowed + refused) >>> 1;
      if (allows(sums.shape(middle, last))) {
        allowed = middle;
      } else {
        refused = middle;
      }
    }
    return allowed;
  }

  /** Documents from one place of the sorted list to another, both included. */
  private record Run(int first, int last) {

    BatchShape shape(Sums sums) {
      return sums.shape(first, last);
    }

    double meanId(Sums sums) {
      return (sums.ids[last + 1] - sums.ids[first]) / (last + 1 - first);
    }
  }

  /** Running sums over the sorted documents, so that the shape of any run is known at once. */
  private static final class Sums {

    private final int[] lengths;
    private final long[] tokens;
    private final long[] squares;
    private final double[] ids;

    private Sums(int size) {
      lengths = new int[size];
      tokens = new long[size + 1];
      squares = new long[size + 1];
      ids = new double[size + 1];
    }

    static Sums of(List<QueuedText> sorted) {
      Sums sums = new Sums(sorted.size());
      for (int i = 0; i < sorted.size(); i++) {
        int length = sorted.get(i).tokens();
        sums.lengths[i] = length;
        sums.tokens[i + 1] = sums.tokens[i] + length;
        sums.squares[i + 1] = sums.squares[i] + (long) length * length;
        // Ids count up from 0 through the life of a service, which a double holds exactly enough.
        sums.ids[i + 1] = sums.ids[i] + sorted.get(i).id();
      }
      return sums;
    }

    BatchShape shape(int first, int last) {
      return new BatchShape(
          last + 1 - first,
          lengths[last],
          tokens[last + 1] - tokens[first],
          squares[last + 1] - squares[first]);
    }
  }
}
