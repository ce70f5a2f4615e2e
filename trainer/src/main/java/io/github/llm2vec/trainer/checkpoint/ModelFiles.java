/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/** Saves and loads a trained model in the layout that PEFT or transformers reads. */
public interface ModelFiles {

  /** What a folder of files is for. */
  enum Purpose {
    /** To go on from: every trained tensor, to the last bit. */
    CHECKPOINT,
    /** To be used: what upstream keeps, in the format asked for. */
    RESULT
  }

  /**
   * Writes the files.
   *
   * @param folder exists
   */
  void write(Path folder, TrainedTensors tensors, Purpose purpose) throws IOException;

  /**
   * Reads the values of all tensors from a folder written as a {@link Purpose#CHECKPOINT}.
   *
   * @throws IOException if they are not of these tensors
   */
  void read(Path folder, TrainedTensors tensors) throws IOException;
}
