/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import java.util.List;

/**
 * Where a tensor lies in a safetensors file.
 *
 * @param name its key in the header
 * @param type its element type
 * @param shape sizes of its dimensions; empty for a scalar
 * @param begin offset of its first byte, counted from the end of the header
 * @param end offset behind its last byte
 */
record StoredTensor(String name, StoredType type, List<Long> shape, long begin, long end) {

  /** Copies the shape. */
  StoredTensor {
    shape = List.copyOf(shape);
  }

  /** Number of elements. */
  long elements() {
    return (end - begin) * 8 / type.bits();
  }

  /** The shape as an array of the caller's own. */
  long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
