/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import org.apache.lucene.util.hnsw.NeighborQueue;

/**
 * The best scored documents, at most so many. Of equal scores the smaller document number is the
 * better, so the result does not depend on the order in which documents come.
 */
final class TopHits {

  private final NeighborQueue worstFirst;
  private final int most;

  TopHits(int most) {
    this.most = most;
    this.worstFirst = new NeighborQueue(Math.max(1, most), false);
  }

  /**
   * Takes {@code count} documents from {@code first} on; NaN counts as -1, which is MTEB's rule.
   */
  void offer(int first, float[] block, int from, int count) {
    for (int i = 0; i < count; i++) {
      float score = block[from + i];
      // The common case in one comparison; a NaN fails it and is looked at.
      if (!(worstFirst.size() == most && score < worstFirst.topScore())) {
        worstFirst.insertWithOverflow(first + i, Float.isNaN(score) ? -1 : score);
      }
    }
  }

  /** What was kept, best first. Nothing is kept afterwards. */
  Ranking drain() {
    int[] documents = new int[worstFirst.size()];
    float[] scores = new float[documents.length];
    for (int rank = documents.length - 1; rank >= 0; rank--) {
      scores[rank] = worstFirst.topScore();
      documents[rank] = worstFirst.pop();
    }
    return new Ranking(documents, scores);
  }
}
