/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;

/**
 * A document that words, vectors or both have found.
 *
 * @param doc the document's number in the searched reader
 * @param score its score by {@link HybridFusion}
 * @param wordRank its rank among the hits of the words, counted from 1; 0 if they missed it
 * @param vectorRank its rank among the hits of the vectors, counted from 1; 0 if they missed it
 * @param passages its best passage, if the search was over passages and the vectors found it
 */
public record HybridHit(
    int doc, double score, int wordRank, int vectorRank, List<PassageHit> passages) {

  /** Copies the passages. */
  public HybridHit {
    passages = List.copyOf(passages);
  }
}
