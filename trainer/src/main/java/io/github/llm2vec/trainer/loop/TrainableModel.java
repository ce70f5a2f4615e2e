/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors;

/**
 * A model as the training loop sees it: parameters whose gradients are accumulated by an {@link
 * Objective}, clipped, and applied by AdamW. Gradients add up until they are set to zero.
 */
public interface TrainableModel extends TrainedTensors, AutoCloseable {

  /** Seeds the random numbers of dropout. */
  void seed(long seed);

  /** The Euclidean norm of all gradients together. */
  double gradientNorm();

  /**
   * Clips all gradients to a norm, as {@code torch.nn.utils.clip_grad_norm_} does.
   *
   * @return the norm before
   */
  double clipGradients(double maxNorm);

  /** Sets all gradients to zero. */
  void zeroGradients();

  /**
   * Updates every trained tensor by its gradient.
   *
   * @param update number of this update, from 1
   */
  void update(AdamW adam, long update);

  @Override
  void close();
}
