/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.serving.batching.PriorityBatchPolicy;

/** The order in which waiting texts are encoded. */
public enum Scheduling {
  /** Queries before documents, in steps of bounded time; see {@link PriorityBatchPolicy}. */
  TWO_LANE,
  /**
   * First come, first served, in batches as large as memory allows. For comparison: it is what most
   * embedding servers do.
   */
  FIFO
}
