/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.nio.file.Path;

/** Told how a word task goes, on the thread that runs it. */
public interface WordTaskListener {

  /** Hears nothing and never stops. */
  WordTaskListener NONE = new WordTaskListener() {};

  /** The model has seen so many sentences of a set: "training", "validation" or "test". */
  default void states(String set, int done, int all) {}

  /** The head was updated. */
  default void updated(long update, long last) {}

  /**
   * The mean loss of the updates since the last time.
   *
   * @param rate learning rate of the last of them
   */
  default void logged(long update, double loss, double rate) {}

  /** The head was measured. */
  default void evaluated(long update, WordScores scores) {}

  /** A checkpoint was written. */
  default void saved(Path folder) {}

  /** Whether to stop at the next safe place: after an update, with a checkpoint. */
  default boolean stopRequested() {
    return false;
  }
}
