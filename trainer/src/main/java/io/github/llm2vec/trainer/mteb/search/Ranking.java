/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.util.Arrays;

/** A ranking: document numbers, best first, with their scores. Eight bytes per document. */
public final class Ranking {

  /** Nothing found. */
  public static final Ranking EMPTY = new Ranking(new int[0], new float[0]);

  private final int[] documents;
  private final float[] scores;

  /**
   * Takes the arrays over.
   *
   * @param documents numbers, best first
   * @param scores one per document, never rising
   */
  Ranking(int[] documents, float[] scores) {
    this.documents = documents;
    this.scores = scores;
  }

  /** Number of documents. */
  public int size() {
    return documents.length;
  }

  /** The document at a rank counted from 0. */
  public int document(int rank) {
    return documents[rank];
  }

  /** The score at a rank counted from 0. */
  public float score(int rank) {
    return scores[rank];
  }

  /** Share of the first {@code k} documents of a true ranking that are among the first here. */
  public double overlap(Ranking truth, int k) {
    int wanted = Math.min(k, truth.size());
    if (wanted == 0) {
      return 1;
    }
    int[] here = Arrays.copyOf(documents, Math.min(k, documents.length));
    Arrays.sort(here);
    int found = 0;
    for (int i = 0; i < wanted; i++) {
      found += Arrays.binarySearch(here, truth.documents[i]) >= 0 ? 1 : 0;
    }
    return (double) found / wanted;
  }

  @Override
  public String toString() {
    return Arrays.toString(documents) + Arrays.toString(scores);
  }
}
