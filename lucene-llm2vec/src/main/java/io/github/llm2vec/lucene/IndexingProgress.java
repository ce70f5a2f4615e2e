/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/**
 * Progress of {@link Llm2VecIndexer}.
 *
 * @param documents documents, not counting passages
 * @param vectors vectors
 * @param withoutVector texts that were indexed without a vector because they are blank or their
 *     vector is zero
 */
public record IndexingProgress(long documents, long vectors, long withoutVector) {

  /** Nothing yet. */
  public static final IndexingProgress NONE = new IndexingProgress(0, 0, 0);

  IndexingProgress plus(IndexingProgress more) {
    return new IndexingProgress(
        documents + more.documents, vectors + more.vectors, withoutVector + more.withoutVector);
  }
}
