/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import io.github.llm2vec.encoder.Vectors;
import java.io.Closeable;
import java.io.IOException;

/** A teacher's vectors of some texts, by the numbers of the texts. Thread-safe. */
public interface TeacherVectors extends Closeable {

  /** Floats per vector. */
  int dimensions();

  /** Number of texts. */
  int size();

  /**
   * The vector of a text.
   *
   * @param text its number, from 0
   * @throws IOException if it cannot be read, or is zero or not finite
   */
  float[] read(int text) throws IOException;

  /** Whether the first thousand vectors have length one, up to rounding. */
  default boolean haveUnitLength() throws IOException {
    for (int text = 0; text < Math.min(1000, size()); text++) {
      if (Math.abs(Math.sqrt(Vectors.squaredLength(read(text))) - 1) > 1e-3) {
        return false;
      }
    }
    return true;
  }

  @Override
  default void close() throws IOException {}
}
