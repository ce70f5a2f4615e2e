/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import org.apache.lucene.search.DocIdSetIterator;

/** Hits of one segment with scores that are known beforehand, walked in the order of documents. */
final class LeafHits extends DocIdSetIterator {

  private final int[] docs;
  private final float[] scores;
  private int position = -1;

  /**
   * @param docs ascending numbers within the segment
   * @param scores one per document
   */
  LeafHits(int[] docs, float[] scores) {
    this.docs = docs;
    this.scores = scores;
  }

  @Override
  public int docID() {
    if (position < 0) {
      return -1;
    }
    return position < docs.length ? docs[position] : NO_MORE_DOCS;
  }

  @Override
  public int nextDoc() {
    position++;
    return docID();
  }

  @Override
  public int advance(int target) throws IOException {
    return slowAdvance(target);
  }

  @Override
  public long cost() {
    return docs.length;
  }

  /** Score of the current document. */
  float score() {
    return scores[position];
  }

  /** The largest score of the segment. */
  float maxScore() {
    float max = 0;
    for (float score : scores) {
      max = Math.max(max, score);
    }
    return max;
  }
}
