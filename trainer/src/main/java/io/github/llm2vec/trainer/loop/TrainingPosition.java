/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

/**
 * How far a run is, always just after an update, so that no gradient is half collected.
 *
 * @param step updates made
 * @param epoch the epoch that the next batch is of, from 0
 * @param batch batches of that epoch taken already
 * @param batches batches of the whole run that gradients were computed of
 */
public record TrainingPosition(long step, long epoch, long batch, long batches) {

  /** Before the first batch. */
  public static final TrainingPosition START = new TrainingPosition(0, 0, 0, 0);
}
