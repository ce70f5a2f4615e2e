/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.concurrent.ExecutorService;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene102.Lucene102HnswBinaryQuantizedVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.search.FloatVectorSimilarityQuery;
import org.apache.lucene.search.Query;
import org.jspecify.annotations.Nullable;

/** What differs between Lucene's minor releases: here Lucene 10.2 and 10.3. */
final class LuceneRelease {

  private LuceneRelease() {}

  /** The format with quantised vectors that the options ask for. */
  static KnnVectorsFormat quantizedFormat(
      VectorFormatOptions options, @Nullable ExecutorService executor) {
    int m = options.hnswM();
    int beam = options.beamWidth();
    int workers = options.numMergeWorkers();
    return switch (options.quantization()) {
      // The null confidence interval makes Lucene derive it from the dimensions.
      case INT8 ->
          new Lucene99HnswScalarQuantizedVectorsFormat(m, beam, workers, 7, false, null, executor);
      case INT4 ->
          new Lucene99HnswScalarQuantizedVectorsFormat(m, beam, workers, 4, true, null, executor);
      case BINARY -> new Lucene102HnswBinaryQuantizedVectorsFormat(m, beam, workers, executor);
      case FLOAT32, INT2 -> throw options.quantization().missing();
    };
  }

  /** All vectors with at least {@code minScore}, found by following those above {@code walk}. */
  static Query similar(
      String field, float[] vector, float walk, float minScore, @Nullable Query filter) {
    return new FloatVectorSimilarityQuery(field, vector, walk, minScore, filter);
  }
}
