/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * A training objective: computes the loss of a batch and adds its gradient to the model it was made
 * for.
 *
 * @param <B> what a batch is
 */
public interface Objective<B> {

  /** Whether a batch has nothing to learn from, so that its loss would be no number. */
  default boolean isEmpty(B batch) {
    return false;
  }

  /** Tokens that go through the model for a batch. */
  int tokens(B batch);

  /** Rows of a batch. */
  int rows(B batch);

  /**
   * Adds a batch's gradient.
   *
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   */
  double addGradient(B batch, double weight);

  /**
   * Begins an evaluation, without dropout and without gradients.
   *
   * @throws UnsupportedOperationException if this objective is not evaluated
   */
  Evaluation<B> evaluation();

  /** The figures of {@code eval_results.json}: those of the last evaluation and what follows. */
  default Map<String, Double> results(Map<String, Double> evaluation) {
    return evaluation;
  }

  /** A batch as JSON, to look at when its loss is no number. */
  JsonNode describe(B batch);

  /** Sums of an evaluation. */
  interface Evaluation<B> {

    /** Adds a batch that is not empty. */
    void add(B batch);

    /** The metrics of all batches, with the prefix {@code eval_}; {@code eval_loss} is first. */
    Map<String, Double> metrics();
  }
}
