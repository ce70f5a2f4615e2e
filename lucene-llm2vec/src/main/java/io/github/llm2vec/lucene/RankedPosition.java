/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/**
 * The position of a document in a ranking.
 *
 * @param rank counted from 1; 0 if the ranking missed the document
 * @param share its score on a scale from 0, the score of the last document of the ranking, to 1,
 *     that of the first; 1 where all are equal, 0 if the ranking missed it
 */
public record RankedPosition(int rank, double share) {

  /** Of a document that a ranking has not. */
  public static final RankedPosition MISSING = new RankedPosition(0, 0);

  /** Rejects what no ranking gives. */
  public RankedPosition {
    if (rank < 0 || !(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "rank " + rank + " and share " + share + " are impossible");
    }
  }

  /**
   * A document's standing.
   *
   * @param rank counted from 1; 0 if the ranking missed the document
   * @param score its score there
   * @param first score of the ranking's first document
   * @param last score of the ranking's last document
   */
  public static RankedPosition of(int rank, double score, double first, double last) {
    if (rank == 0) {
      return MISSING;
    }
    return new RankedPosition(rank, first > last ? (score - last) / (first - last) : 1);
  }
}
