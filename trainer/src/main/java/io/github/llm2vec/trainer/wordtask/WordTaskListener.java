/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.trainer.loop.TrainerCallback;

/** A callback of word tasks: the events of training, and the progress of the frozen model. */
public interface WordTaskListener extends TrainerCallback {

  /** Hears nothing and never stops. */
  WordTaskListener NONE = new WordTaskListener() {};

  /**
   * The frozen model has encoded so many sentences.
   *
   * @param set "training", "validation" or "test"
   */
  default void encoded(String set, int done, int all) {}

  /** Whether to stop after the current update, with a checkpoint. */
  default boolean stopRequested() {
    return false;
  }
}
