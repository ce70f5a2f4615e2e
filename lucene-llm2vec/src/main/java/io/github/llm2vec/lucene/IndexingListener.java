/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/** Hears how far {@link Llm2VecIndexer} has come. */
@FunctionalInterface
public interface IndexingListener {

  /**
   * Called on the indexing thread after every batch.
   *
   * @param progress what the index writer has taken since indexing began
   */
  void written(IndexingProgress progress);
}
