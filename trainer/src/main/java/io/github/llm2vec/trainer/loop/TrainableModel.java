/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.torch.MaskedLanguageModelScore;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors;
import java.util.List;

/**
 * What the loop trains: the one seam between training and the engine. Gradients add up until they
 * are set to zero.
 */
public interface TrainableModel extends TrainedTensors, AutoCloseable {

  /** Begins the random numbers of dropout anew. */
  void seed(long seed);

  /**
   * Adds the gradient of the mean cross-entropy of the labelled tokens.
   *
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   */
  double addMaskedLoss(PackedBatch batch, double weight);

  /** What {@link #addMaskedLoss} measures, without dropout and without a gradient. */
  MaskedLanguageModelScore scoreMasked(PackedBatch batch);

  /**
   * Adds the gradient of the contrastive loss over all texts of some batches together.
   *
   * @param parts texts with pooling, first all queries, then their positives, then the negatives
   * @param queries number of queries
   * @param scale what cosines are multiplied by
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   */
  double addContrastiveLoss(List<PackedBatch> parts, int queries, double scale, double weight);

  /** The Euclidean norm of all gradients together. */
  double gradientNorm();

  /**
   * Scales all gradients down to a norm.
   *
   * @return the norm before
   */
  double clipGradients(double maxNorm);

  /** Sets all gradients to zero. */
  void zeroGradients();

  /**
   * Moves every trained tensor against its gradient.
   *
   * @param update number of this update, from 1
   */
  void update(AdamW adam, long update);

  @Override
  void close();
}
