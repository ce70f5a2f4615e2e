/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

/** Told how a merge proceeds. Called on the thread that merges. */
@FunctionalInterface
public interface MergeListener {

  /** One that does not listen. */
  MergeListener NONE = (done, total) -> {};

  /**
   * Called when some elements of the new weights were computed.
   *
   * @param done elements so far
   * @param total of all tensors
   */
  void merged(long done, long total);
}
