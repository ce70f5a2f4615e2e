/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.jspecify.annotations.Nullable;

/**
 * One of Lucene's vector formats with the limit of 1024 dimensions lifted.
 *
 * <p>Lucene asks the format for its limit only when the first vector of a segment is added, and
 * writes the format's name into the segment. This format has the name of the one it wraps and
 * leaves the files to it, so a Lucene that knows nothing of this class opens and searches the
 * index.
 */
public final class WideVectorsFormat extends KnnVectorsFormat {

  private final KnnVectorsFormat delegate;
  private final int maxDimensions;

  private WideVectorsFormat(KnnVectorsFormat delegate, int maxDimensions) {
    super(delegate.getName());
    this.delegate = delegate;
    this.maxDimensions = maxDimensions;
  }

  /**
   * Lifts the limit of a format.
   *
   * @param delegate the format that reads and writes
   * @param maxDimensions the new limit
   */
  public static KnnVectorsFormat wrap(KnnVectorsFormat delegate, int maxDimensions) {
    Objects.requireNonNull(delegate, "delegate");
    if (maxDimensions < 1) {
      throw new IllegalArgumentException("maxDimensions must be at least 1, got " + maxDimensions);
    }
    return new WideVectorsFormat(delegate, maxDimensions);
  }

  /**
   * The format that the options describe. If they ask for more than one merge worker, these run on
   * the threads of the index writer's merge scheduler.
   *
   * @throws UnsupportedOperationException if this Lucene has no such format
   */
  public static KnnVectorsFormat of(VectorFormatOptions options) {
    return wrap(lucene(options, null), options.maxDimensions());
  }

  /**
   * The format that the options describe, with merge workers on an executor of the caller.
   *
   * @param options what to write; {@code numMergeWorkers} must be above 1
   * @param mergeExecutor runs the merge workers of every segment; not closed by this format
   * @throws UnsupportedOperationException if this Lucene has no such format
   */
  public static KnnVectorsFormat of(VectorFormatOptions options, ExecutorService mergeExecutor) {
    Objects.requireNonNull(mergeExecutor, "mergeExecutor");
    if (options.numMergeWorkers() == 1) {
      throw new IllegalArgumentException(
          "numMergeWorkers is 1, so the merge executor would do nothing; raise it or leave the"
              + " executor out");
    }
    return wrap(lucene(options, mergeExecutor), options.maxDimensions());
  }

  private static KnnVectorsFormat lucene(
      VectorFormatOptions options, @Nullable ExecutorService executor) {
    return options.quantization() == VectorQuantization.FLOAT32
        ? new Lucene99HnswVectorsFormat(
            options.hnswM(), options.beamWidth(), options.numMergeWorkers(), executor)
        : LuceneRelease.quantizedFormat(options, executor);
  }

  @Override
  public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
    return delegate.fieldsWriter(state);
  }

  @Override
  public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
    return delegate.fieldsReader(state);
  }

  @Override
  public int getMaxDimensions(String fieldName) {
    return maxDimensions;
  }

  @Override
  public String toString() {
    return "WideVectorsFormat(maxDimensions=" + maxDimensions + ", delegate=" + delegate + ")";
  }
}
