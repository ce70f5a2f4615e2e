/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.util.List;

/**
 * What a store knows of one of its files.
 *
 * @param shard number of the shard, from 0
 * @param vectors how many it holds
 * @param texts SHA-256 of the texts that were encoded, in hexadecimal
 * @param unusable places in the shard of vectors that are zero or not finite
 */
record ShardRecord(int shard, int vectors, String texts, List<Integer> unusable) {

  ShardRecord {
    unusable = List.copyOf(unusable);
  }

  String file() {
    return "vectors-%05d.npy".formatted(shard);
  }
}
