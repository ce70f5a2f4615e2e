/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

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
