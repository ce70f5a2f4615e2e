/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.nio.ByteBuffer;

/**
 * Multiplies queries with blocks of documents: the work of exact search. {@link JavaScoreBlocks}
 * does it anywhere; a matrix library or a GPU does it faster.
 *
 * <p>Symbols: <b>Q</b> queries, <b>N</b> documents of a block, <b>D</b> dimensions.
 *
 * <p>Used by one thread at a time.
 */
public interface ScoreBlocks extends AutoCloseable {

  /**
   * Takes queries that will meet many blocks of documents, so that they can be brought where they
   * are needed once.
   *
   * @param queries {@code [Q, D]}, row after row; not changed afterwards by the caller
   * @param dimensions D
   * @return to be closed before this
   */
  Queries prepare(float[] queries, int dimensions);

  /** Most documents that should come in a block. */
  default int preferredDocuments() {
    return 2048;
  }

  @Override
  void close();

  /** Prepared queries. */
  interface Queries extends AutoCloseable {

    /**
     * The dot product of every query with every document of a block.
     *
     * @param documents {@code [N, D]}, row after row, little-endian floats; a direct buffer whose
     *     position is the first and whose limit the end. Valid only during the call
     * @param count N
     * @param scores takes {@code [Q, N]}, row after row; may be longer
     */
    void score(ByteBuffer documents, int count, float[] scores);

    @Override
    void close();
  }
}
