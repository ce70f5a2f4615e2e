/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.optim;

/**
 * How many batches make an update and how many updates make a run: the arithmetic of {@code
 * transformers.Trainer} 4.44, which upstream trains with.
 *
 * <p>That version counts batches through the whole run, not within an epoch: where an epoch does
 * not divide into whole updates, its last batches join the first of the next epoch.
 *
 * @param batchesPerEpoch batches that the training set has, at least one
 * @param accumulation batches per update, {@code gradient_accumulation_steps}
 * @param updatesPerEpoch updates per epoch by which epochs are counted
 * @param totalUpdates the updates of the whole run, which the learning rate falls over; upstream
 *     usually stops long before
 */
public record StepPlan(
    long batchesPerEpoch, int accumulation, long updatesPerEpoch, long totalUpdates) {

  /** Checks the numbers. */
  public StepPlan {
    if (batchesPerEpoch < 1 || accumulation < 1 || updatesPerEpoch < 1 || totalUpdates < 0) {
      throw new IllegalArgumentException(
          "a run has at least one batch per epoch and one per update, got %s and %s"
              .formatted(batchesPerEpoch, accumulation));
    }
  }

  /** A run of a number of epochs, which need not be whole. */
  public static StepPlan ofEpochs(long batchesPerEpoch, int accumulation, double epochs) {
    if (!(epochs > 0)) {
      throw new IllegalArgumentException("num_train_epochs must be above 0, got " + epochs);
    }
    long perEpoch = updatesPerEpoch(batchesPerEpoch, accumulation);
    return new StepPlan(
        batchesPerEpoch, accumulation, perEpoch, (long) Math.ceil(epochs * perEpoch));
  }

  /** A run of a number of updates, {@code max_steps}, whatever number of epochs that is. */
  public static StepPlan ofUpdates(long batchesPerEpoch, int accumulation, long updates) {
    return new StepPlan(
        batchesPerEpoch, accumulation, updatesPerEpoch(batchesPerEpoch, accumulation), updates);
  }

  private static long updatesPerEpoch(long batchesPerEpoch, int accumulation) {
    return Math.max(1, batchesPerEpoch / Math.max(1, accumulation));
  }

  /**
   * Batches that a number of examples makes.
   *
   * @param dropLast whether a last batch that is not full is left out
   */
  public static long batches(long examples, int batchSize, boolean dropLast) {
    return dropLast ? examples / batchSize : (examples + batchSize - 1) / batchSize;
  }

  /**
   * Whether the optimizer steps after a batch.
   *
   * @param batches batches of the whole run up to and including this one
   * @param batchOfEpoch number of this batch in its epoch, from 1
   */
  public boolean updatesAfter(long batches, long batchOfEpoch) {
    boolean shortEpochEnds = batchesPerEpoch <= accumulation && batchOfEpoch == batchesPerEpoch;
    return batches % accumulation == 0 || shortEpochEnds;
  }

  /** The epoch after a number of updates, as logs show it: a fraction of epochs. */
  public double epochAfter(long updates) {
    return (double) updates / updatesPerEpoch;
  }

  /**
   * Updates of the warm-up.
   *
   * @param warmupSteps {@code warmup_steps}: a number of updates, or below 1 a share of the run
   * @param warmupRatio {@code warmup_ratio}: a share of the run, which counts if there are no steps
   */
  public static long warmupUpdates(long totalUpdates, double warmupSteps, double warmupRatio) {
    if (warmupSteps >= 1) {
      return (long) warmupSteps;
    }
    double share = warmupSteps > 0 ? warmupSteps : warmupRatio;
    return (long) Math.ceil(totalUpdates * share);
  }
}
