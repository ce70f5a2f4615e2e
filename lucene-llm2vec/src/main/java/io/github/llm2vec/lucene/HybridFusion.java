/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;
import org.apache.lucene.search.Explanation;

/**
 * How the ranks of a document by words and by vectors become one score: {@code wordWeight / (k +
 * rank by words) + vectorWeight / (k + rank by vectors)}, see {@link ReciprocalRankFusion}. Only
 * the proportion of the weights orders documents. Where one of the two finds much less than the
 * other, its weight should be lower: with equal ones it spoils what the other found.
 *
 * @param rankConstant the k of the formula, at least 1; a larger one gives the first ranks less
 *     weight against the later ones
 * @param wordWeight of the ranking by words, finite and not negative
 * @param vectorWeight of the ranking by vectors, finite and not negative
 */
public record HybridFusion(int rankConstant, double wordWeight, double vectorWeight) {

  /** The formula of the paper: equal weights of 1. */
  public static final HybridFusion DEFAULT =
      new HybridFusion(ReciprocalRankFusion.RANK_CONSTANT, 1, 1);

  /** Rejects what gives no order. */
  public HybridFusion {
    if (rankConstant < 1) {
      throw new IllegalArgumentException("rankConstant must be at least 1, got " + rankConstant);
    }
    requireWeight("wordWeight", wordWeight);
    requireWeight("vectorWeight", vectorWeight);
    if (wordWeight == 0 && vectorWeight == 0) {
      throw new IllegalArgumentException("wordWeight and vectorWeight must not both be 0");
    }
  }

  private static void requireWeight(String name, double weight) {
    if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be 0 or more and finite, got " + weight);
    }
  }

  /** This formula with other weights. */
  public HybridFusion withWeights(double words, double vectors) {
    return new HybridFusion(rankConstant, words, vectors);
  }

  /** Of the two rankings, in this order. */
  List<Double> weights() {
    return List.of(wordWeight, vectorWeight);
  }

  /**
   * The score of a document.
   *
   * @param wordRank its rank by words, counted from 1; 0 if they missed it
   * @param vectorRank its rank by vectors, counted from 1; 0 if they missed it
   */
  public double score(int wordRank, int vectorRank) {
    return wordWeight * ReciprocalRankFusion.reciprocal(wordRank, rankConstant)
        + vectorWeight * ReciprocalRankFusion.reciprocal(vectorRank, rankConstant);
  }

  /**
   * Explains the score of a document.
   *
   * @param score its score
   * @param wordRank its rank by words, counted from 1; 0 if they missed it
   * @param vectorRank its rank by vectors, counted from 1; 0 if they missed it
   */
  public Explanation explain(float score, int wordRank, int vectorRank) {
    return Explanation.match(
        score,
        "reciprocal rank fusion, sum of:",
        explain("words", wordRank, wordWeight),
        explain("vectors", vectorRank, vectorWeight));
  }

  private Explanation explain(String ranking, int rank, double weight) {
    String factor = weight == 1 ? "1" : Double.toString(weight);
    return rank == 0
        ? Explanation.match(0, "not found by " + ranking)
        : Explanation.match(
            (float) (weight * ReciprocalRankFusion.reciprocal(rank, rankConstant)),
            "%s / (%d + %d), rank %d by %s".formatted(factor, rankConstant, rank, rank, ranking));
  }
}
