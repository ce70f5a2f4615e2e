/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Arrays;
import org.apiguardian.api.API;

/** Arithmetic on pooled vectors: length, truncation and normalisation. */
@API(status = API.Status.INTERNAL)
public final class Vectors {

  private Vectors() {}

  /** The square of the Euclidean length. */
  public static double squaredLength(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return squares;
  }

  /**
   * Keeps the first dimensions and, if asked, scales to length one. Shortened vectors of models
   * trained for it (Kusupati et al., 2022, Matryoshka Representation Learning) must be normalised
   * again after the cut, which is why both are one step.
   *
   * @return the vector itself if nothing is to be done to it; a zero vector stays one
   */
  public static float[] finish(float[] vector, int dimensions, boolean normalize) {
    float[] result = dimensions < vector.length ? Arrays.copyOf(vector, dimensions) : vector;
    if (!normalize) {
      return result;
    }
    // The same floor as torch.nn.functional.normalize.
    double norm = Math.max(Math.sqrt(squaredLength(result)), 1e-12);
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) (result[i] / norm);
    }
    return result;
  }
}
