/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * The named tensors of a checkpoint or an adapter, wherever their bytes lie. Everything was checked
 * when the source was opened, so a tensor that is found can be read.
 */
@API(status = API.Status.STABLE)
public interface TensorSource extends Closeable {

  /** Names of all tensors. */
  Set<String> names();

  /** The shape of a tensor, or empty if there is none of that name. */
  Optional<long[]> shape(String name);

  /**
   * The number format in which a tensor is stored, single precision unless the source knows better;
   * empty if there is no such tensor or it is no weight and cannot be read.
   */
  default Optional<DType> dtype(String name) {
    return shape(name).map(shape -> DType.FLOAT32);
  }

  /**
   * Reads consecutive elements, row-major, widened to single precision (exact for every supported
   * stored format).
   *
   * @param name a tensor of {@link #names()}
   * @param firstElement index of the first element to read
   * @param target filled from its position to its limit
   * @throws ModelFormatException if the tensor is stored in a format without a {@link #dtype}, or
   *     the file has become shorter since it was opened
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if the tensor is unknown or the range lies outside it
   */
  void read(String name, long firstElement, FloatBuffer target) throws IOException;
}
