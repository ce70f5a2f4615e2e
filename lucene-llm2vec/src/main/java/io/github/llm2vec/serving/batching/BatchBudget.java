/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import io.github.llm2vec.encoder.BatchLayout;

/**
 * Limits of the next batch, with the cost model by which candidates are measured.
 *
 * @param queries budget of a step that queries begin
 * @param topUp budget up to which such a step is filled with documents
 * @param documents budget of a step of documents
 * @param cost estimate of the device
 * @param layout of the model's batches
 * @param maxTexts most texts of a step
 */
public record BatchBudget(
    StepBudget queries,
    StepBudget topUp,
    StepBudget documents,
    StepCost cost,
    BatchLayout layout,
    int maxTexts) {

  /** Whether a batch keeps within one of the budgets. */
  public boolean allows(StepBudget step, BatchShape shape) {
    return shape.texts() <= maxTexts && step.allows(shape.positions(layout), millis(shape));
  }

  /** Estimated milliseconds of a batch. */
  public double millis(BatchShape shape) {
    return cost.millis(shape.positions(layout), shape.attentionPairs(layout));
  }

  /**
   * Size limit of one batch in positions and estimated milliseconds.
   *
   * @param maxTokens most positions, whatever they cost
   * @param freeTokens positions that are allowed however long they take: below the ridge a batch
   *     mostly pays for reading the weights, so filling it saves a step
   * @param maxMillis most estimated milliseconds beyond that
   */
  public record StepBudget(int maxTokens, int freeTokens, double maxMillis) {

    /** Allows nothing. */
    public static final StepBudget NONE = new StepBudget(0, 0, 0);

    /** Whether a batch of so many positions and milliseconds keeps within. */
    public boolean allows(long positions, double millis) {
      return positions <= maxTokens && (positions <= freeTokens || millis <= maxMillis);
    }
  }
}
