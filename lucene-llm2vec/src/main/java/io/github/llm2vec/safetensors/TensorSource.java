/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
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

  /** All elements of a tensor, row-major. */
  default float[] readAll(String name) throws IOException {
    long[] shape = shape(name).orElseThrow();
    float[] values =
        new float[Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact))];
    read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /** A matrix {@code [rows, columns]}, row-major, as one of {@code [columns, rows]}. */
  static float[] transposed(float[] values, int rows, int columns) {
    float[] turned = new float[values.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        turned[column * rows + row] = values[row * columns + column];
      }
    }
    return turned;
  }
}
