/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;

/**
 * A document in a fusion of several rankings.
 *
 * @param doc the document's number
 * @param shardIndex the shard it is in, -1 if the rankings have no shards
 * @param score by which the hits are ordered
 * @param ranks its rank in every ranking, counted from 1; 0 where it is missing
 */
public record FusedHit(int doc, int shardIndex, double score, List<Integer> ranks) {

  /** Copies the ranks. */
  public FusedHit {
    ranks = List.copyOf(ranks);
  }
}
