/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.torch.MaskedLanguageModelScore;

/**
 * What is minimised: turns batches into gradients of the model it was made for.
 *
 * @param <B> what a batch is
 */
public interface Objective<B> {

  /** Whether a batch has nothing to learn from, so that its loss would be no number. */
  boolean isEmpty(B batch);

  /** Tokens that go through the model for a batch. */
  int tokens(B batch);

  /** Rows of a batch, which weigh its loss in an evaluation. */
  int rows(B batch);

  /**
   * Adds a batch's gradient.
   *
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   */
  double addGradient(B batch, double weight);

  /**
   * Measures a batch without training on it.
   *
   * @throws UnsupportedOperationException if this objective is not evaluated
   */
  MaskedLanguageModelScore score(B batch);

  /** A batch as JSON, to look at when its loss is no number. */
  JsonNode describe(B batch);
}
