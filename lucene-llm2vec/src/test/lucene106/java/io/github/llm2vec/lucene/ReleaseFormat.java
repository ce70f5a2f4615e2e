/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.stream.Stream;

/**
 * A format that Lucene 10.6 writes.
 *
 * @param name under which it stands in the index
 * @param suffix of the file that a search reads
 * @param bytes of a vector of 1024 dimensions in this file, corrections included
 */
record ReleaseFormat(VectorQuantization quantization, String name, String suffix, int bytes) {

  static Stream<ReleaseFormat> all() {
    return Stream.of(
        new ReleaseFormat(VectorQuantization.FLOAT32, "Lucene99HnswVectorsFormat", ".vec", 4096),
        new ReleaseFormat(
            VectorQuantization.INT8, "Lucene104HnswBinaryQuantizedVectorsFormat", ".veq", 1040),
        new ReleaseFormat(
            VectorQuantization.INT4, "Lucene104HnswBinaryQuantizedVectorsFormat", ".veq", 528),
        new ReleaseFormat(
            VectorQuantization.INT2, "Lucene104HnswBinaryQuantizedVectorsFormat", ".veq", 272),
        new ReleaseFormat(
            VectorQuantization.BINARY, "Lucene104HnswBinaryQuantizedVectorsFormat", ".veq", 144));
  }
}
