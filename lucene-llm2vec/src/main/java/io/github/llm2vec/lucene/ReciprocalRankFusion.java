/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;

/**
 * Joins rankings whose scores cannot be compared, such as BM25 and cosines, by ranks alone: a
 * document's score is the sum of 1 / (k + rank) over the rankings that hold it.
 *
 * <p>Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and
 * individual rank learning methods", SIGIR 2009, which uses k = 60.
 */
public final class ReciprocalRankFusion {

  /** The constant of the paper. */
  public static final int RANK_CONSTANT = 60;

  private static final Comparator<FusedHit> BEST_FIRST =
      Comparator.comparingDouble(FusedHit::score)
          .reversed()
          .thenComparingInt(FusedHit::doc)
          .thenComparingInt(FusedHit::shardIndex);

  private ReciprocalRankFusion() {}

  /** Fuses with the constant of the paper; see {@link #fuse(List, int, int)}. */
  public static List<FusedHit> fuse(List<TopDocs> rankings, int topN) {
    return fuse(rankings, topN, RANK_CONSTANT);
  }

  /**
   * Fuses rankings. Equal scores are put in the order of documents, then shards, so the result
   * depends on nothing else. A document that a ranking holds twice counts with its better rank.
   *
   * @param rankings each best first, over the same index; all with shards or all without
   * @param topN most hits to return, at least 1
   * @param rankConstant the k of the formula, at least 1; a larger one gives the first ranks less
   *     weight against the later ones
   * @return best first
   */
  public static List<FusedHit> fuse(List<TopDocs> rankings, int topN, int rankConstant) {
    if (rankConstant < 1) {
      throw new IllegalArgumentException("rankConstant must be at least 1, got " + rankConstant);
    }
    return fuse(rankings, topN, ranks -> score(ranks, rankConstant));
  }

  /**
   * Fuses by any formula.
   *
   * @param score of a document with these ranks, 0 where a ranking missed it
   */
  static List<FusedHit> fuse(
      List<TopDocs> rankings, int topN, ToDoubleFunction<List<Integer>> score) {
    if (topN < 1) {
      throw new IllegalArgumentException("topN must be at least 1, got " + topN);
    }
    requireShardsEverywhereOrNowhere(rankings);
    record Key(int doc, int shardIndex) {}
    Map<Key, Integer[]> ranksOf = new LinkedHashMap<>();
    for (int list = 0; list < rankings.size(); list++) {
      ScoreDoc[] hits = rankings.get(list).scoreDocs;
      for (int i = 0; i < hits.length; i++) {
        Integer[] ranks =
            ranksOf.computeIfAbsent(
                new Key(hits[i].doc, hits[i].shardIndex), key -> noRanks(rankings.size()));
        if (ranks[list] == 0) {
          ranks[list] = i + 1;
        }
      }
    }
    List<FusedHit> fused = new ArrayList<>(ranksOf.size());
    ranksOf.forEach(
        (key, found) -> {
          List<Integer> ranks = List.of(found);
          fused.add(new FusedHit(key.doc(), key.shardIndex(), score.applyAsDouble(ranks), ranks));
        });
    fused.sort(BEST_FIRST);
    return List.copyOf(fused.subList(0, Math.min(topN, fused.size())));
  }

  /**
   * What a ranking adds to the score of a document.
   *
   * @param rank counted from 1; 0 if the ranking missed the document
   * @param rankConstant the k of the formula
   */
  public static double reciprocal(int rank, int rankConstant) {
    return rank == 0 ? 0 : 1.0 / ((long) rankConstant + rank);
  }

  private static Integer[] noRanks(int rankings) {
    Integer[] ranks = new Integer[rankings];
    Arrays.fill(ranks, 0);
    return ranks;
  }

  private static double score(List<Integer> ranks, int rankConstant) {
    double score = 0;
    for (int rank : ranks) {
      score += reciprocal(rank, rankConstant);
    }
    return score;
  }

  private static void requireShardsEverywhereOrNowhere(List<TopDocs> rankings) {
    long withShard = 0;
    long all = 0;
    for (TopDocs ranking : rankings) {
      all += ranking.scoreDocs.length;
      withShard += Arrays.stream(ranking.scoreDocs).filter(hit -> hit.shardIndex != -1).count();
    }
    if (withShard != 0 && withShard != all) {
      throw new IllegalArgumentException(
          withShard + " of " + all + " hits have a shardIndex; either all must have one or none");
    }
  }
}
