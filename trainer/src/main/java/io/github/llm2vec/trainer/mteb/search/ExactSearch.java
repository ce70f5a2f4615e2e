/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.io.IOException;
import java.util.List;
import java.util.function.IntConsumer;

/** Compares every query with every document. */
public interface ExactSearch {

  /**
   * Finds the documents with the largest dot products, which are cosines in a store.
   *
   * @param queries of the same dimensions as the documents
   * @param documents all of them are compared
   * @param k most documents per query
   * @param listener told how many comparisons of the whole are done, in percent
   * @return one ranking per query, in their order. Of documents with the same score those with the
   *     smaller number come first
   * @throws IOException if the vectors cannot be read
   */
  List<Ranking> search(VectorStore queries, VectorStore documents, int k, IntConsumer listener)
      throws IOException;
}
