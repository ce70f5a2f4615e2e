/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.concurrent.ExecutorService;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.search.FloatVectorSimilarityQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.quantization.QuantizedByteVectorValues.ScalarEncoding;
import org.jspecify.annotations.Nullable;

/**
 * What differs between Lucene's minor releases: here Lucene 10.6. Since 10.4 one format writes all
 * quantised vectors; those of 10.3 and before are read by {@code lucene-backward-codecs}.
 */
final class LuceneRelease {

  private LuceneRelease() {}

  /** The format with quantised vectors that the options ask for. */
  static KnnVectorsFormat quantizedFormat(
      VectorFormatOptions options, @Nullable ExecutorService executor) {
    ScalarEncoding encoding =
        switch (options.quantization()) {
          case INT8 -> ScalarEncoding.UNSIGNED_BYTE;
          case INT4 -> ScalarEncoding.PACKED_NIBBLE;
          // Queries keep 4 bits and are compared with documents of 2 and 1.
          case INT2 -> ScalarEncoding.DIBIT_QUERY_NIBBLE;
          case BINARY -> ScalarEncoding.SINGLE_BIT_QUERY_NIBBLE;
          case FLOAT32 -> throw options.quantization().missing();
        };
    return new Lucene104HnswScalarQuantizedVectorsFormat(
        encoding, options.hnswM(), options.beamWidth(), options.numMergeWorkers(), executor);
  }

  /** All vectors with at least {@code minScore}, found by following those above {@code walk}. */
  static Query similar(
      String field, float[] vector, float walk, float minScore, @Nullable Query filter) {
    return new FloatVectorSimilarityQuery.Explicit(field, vector, walk, minScore, filter);
  }
}
