/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;
import java.util.Objects;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;

/**
 * Weighted fusion of a lexical and a vector ranking into one score: {@code wordWeight * part(words)
 * + vectorWeight * part(vectors)}, where the part is {@code 1 / (k + rank)} or the scaled score, 0
 * for a document that the ranking does not hold. Only the proportion of the weights orders
 * documents. Where one of the two finds much less than the other, its weight should be lower: with
 * equal ones it spoils what the other found.
 *
 * @param method what of a standing counts
 * @param rankConstant the k of {@link FusionMethod#RECIPROCAL_RANK}, at least 1; a larger one gives
 *     the first ranks less weight against the later ones
 * @param wordWeight of the ranking by words, finite and not negative
 * @param vectorWeight of the ranking by vectors, finite and not negative
 */
public record HybridFusion(
    FusionMethod method, int rankConstant, double wordWeight, double vectorWeight) {

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

  /** Reciprocal ranks as in the paper, with equal weights of 1. */
  public static final HybridFusion DEFAULT =
      new HybridFusion(FusionMethod.RECIPROCAL_RANK, ReciprocalRankFusion.RANK_CONSTANT, 1, 1);

  /** Rejects what gives no order. */
  public HybridFusion {
    Objects.requireNonNull(method, "method");
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
    return new HybridFusion(method, rankConstant, words, vectors);
  }

  /** Another formula with these weights. */
  public HybridFusion withMethod(FusionMethod value) {
    return new HybridFusion(value, rankConstant, wordWeight, vectorWeight);
  }

  /**
   * Fuses a ranking by words and one by vectors. Equal scores are put in the order of documents,
   * then shards, so the result depends on nothing else. A document that a ranking holds twice
   * counts with its better rank.
   *
   * @param words best first
   * @param vectors best first, over the same index; both with shards or both without
   * @param topN most hits to return, at least 1
   * @return best first
   */
  public List<FusedHit> fuse(TopDocs words, TopDocs vectors, int topN) {
    return ReciprocalRankFusion.fuse(
        List.of(words, vectors),
        topN,
        ranks -> score(standing(words, ranks.get(0)), standing(vectors, ranks.get(1))));
  }

  /** The standing of the document of a rank, 0 for one that is missing. */
  static RankedPosition standing(TopDocs ranking, int rank) {
    if (rank == 0) {
      return RankedPosition.MISSING;
    }
    ScoreDoc[] hits = ranking.scoreDocs;
    return RankedPosition.of(
        rank, hits[rank - 1].score, hits[0].score, hits[hits.length - 1].score);
  }

  /** The score of a document. */
  public double score(RankedPosition words, RankedPosition vectors) {
    return wordWeight * part(words) + vectorWeight * part(vectors);
  }

  private double part(RankedPosition standing) {
    return switch (method) {
      case RECIPROCAL_RANK -> ReciprocalRankFusion.reciprocal(standing.rank(), rankConstant);
      case MIN_MAX -> standing.share();
    };
  }

  /**
   * Explains the score of a document.
   *
   * @param score its score
   */
  public Explanation explain(float score, RankedPosition words, RankedPosition vectors) {
    String title =
        switch (method) {
          case RECIPROCAL_RANK -> "reciprocal rank fusion, sum of:";
          case MIN_MAX -> "fusion of scaled scores, sum of:";
        };
    return Explanation.match(
        score,
        title,
        explain("words", words, wordWeight),
        explain("vectors", vectors, vectorWeight));
  }

  private Explanation explain(String ranking, RankedPosition standing, double weight) {
    if (standing.rank() == 0) {
      return Explanation.match(0, "not found by " + ranking);
    }
    String factor = weight == 1 ? "1" : Double.toString(weight);
    String formula =
        switch (method) {
          case RECIPROCAL_RANK -> "%s / (%s + %s)".formatted(factor, rankConstant, standing.rank());
          case MIN_MAX -> factor + " * " + (float) standing.share() + " of the best score";
        };
    return Explanation.match(
        (float) (weight * part(standing)),
        "%s, rank %s by %s".formatted(formula, standing.rank(), ranking));
  }
}
