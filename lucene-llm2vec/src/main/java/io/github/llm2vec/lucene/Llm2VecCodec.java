/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Objects;
import java.util.function.Function;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.FilterCodec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.IndexWriterConfig;

/**
 * Lucene's default codec with a vector format chosen per field.
 *
 * <p>The codec keeps the default codec's name: an index written with it is an ordinary Lucene index
 * and can be opened and searched without this library. An index writer without this codec would,
 * however, refuse vectors above 1024 dimensions, and its merges would write Lucene's default format
 * in place of the chosen one.
 */
public final class Llm2VecCodec extends FilterCodec {

  private static final double WRITER_BUFFER_MEGABYTES = 256;

  private final KnnVectorsFormat vectorsFormat;

  private Llm2VecCodec(Codec base, Function<String, KnnVectorsFormat> formatOfField) {
    super(base.getName(), base);
    if (!(base.knnVectorsFormat() instanceof PerFieldKnnVectorsFormat)) {
      throw new IllegalArgumentException(
          "codec %s cannot hold another vector format: it does not choose formats per field"
              .formatted(base.getName()));
    }
    this.vectorsFormat =
        new PerFieldKnnVectorsFormat() {
          @Override
          public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
            return formatOfField.apply(field);
          }
        };
  }

  /** The default codec with one format for every vector field. */
  public static Codec of(VectorFormatOptions options) {
    KnnVectorsFormat format = WideVectorsFormat.of(options);
    return over(Codec.getDefault(), field -> format);
  }

  /**
   * A codec with a format per field.
   *
   * @param base the codec that writes everything else; its vector format must be Lucene's per-field
   *     one, as it is in every default codec
   * @param formatOfField gives the format of a vector field; asked for every segment, so it should
   *     return the same format again
   */
  public static Codec over(Codec base, Function<String, KnnVectorsFormat> formatOfField) {
    Objects.requireNonNull(base, "base");
    Objects.requireNonNull(formatOfField, "formatOfField");
    return new Llm2VecCodec(base, formatOfField);
  }

  /**
   * Settings for an index writer that takes long vectors: the codec, and a buffer of 256 MB instead
   * of 16. With 4096 dimensions a vector needs 16 kB, so Lucene's default would start a segment,
   * and later merge its graph, every thousand documents.
   */
  public static IndexWriterConfig writerConfig(Analyzer analyzer, VectorFormatOptions options) {
    return new IndexWriterConfig(analyzer)
        .setCodec(of(options))
        .setRAMBufferSizeMB(WRITER_BUFFER_MEGABYTES);
  }

  @Override
  public KnnVectorsFormat knnVectorsFormat() {
    return vectorsFormat;
  }
}
