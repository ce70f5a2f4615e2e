/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

/**
 * Chooses the texts of the next batch from the queue when the device is free. A pure function: it
 * keeps nothing between calls and reads no clock, so equal arguments give equal batches.
 */
public sealed interface BatchPolicy permits PriorityBatchPolicy, FifoPolicy {

  /**
   * Chooses the next batch.
   *
   * @param queue not empty
   * @param budget kept by the batch, unless its one text alone exceeds it
   */
  SelectedBatch select(QueueSnapshot queue, BatchBudget budget);
}
