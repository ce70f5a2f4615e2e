/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import java.nio.FloatBuffer;
import java.util.List;

/** The parameters that a run trains, with the two moments of AdamW of each. */
public interface TrainedTensors {

  /** What belongs to a trained tensor. */
  enum Part {
    /** Its values. */
    VALUE,
    /** Adam's mean gradient. */
    MEAN,
    /** Adam's mean squared gradient. */
    MEAN_SQUARE
  }

  /** Names, in order; an adapter's are those of PEFT without {@code base_model.model.}. */
  List<String> names();

  /** The dimensions of a tensor. */
  List<Long> shape(String name);

  /**
   * Reads consecutive numbers of a tensor, row-major.
   *
   * @param first index of the first
   * @param target filled from its position to its limit
   */
  void read(Part part, String name, long first, FloatBuffer target);

  /**
   * Overwrites consecutive numbers of a tensor.
   *
   * @param first index of the first
   * @param values read from their position to their limit
   */
  void write(Part part, String name, long first, FloatBuffer values);
}
