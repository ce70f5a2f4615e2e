/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.lucene.FusedHit;
import io.github.llm2vec.lucene.HybridFusion;
import java.util.List;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;

/** Fuses rankings of the same documents; see {@link HybridFusion}. */
public final class RankFusion {

  private RankFusion() {}

  /**
   * Fuses two rankings of one query.
   *
   * @param k most documents of the result
   */
  public static Ranking fuse(Ranking words, Ranking vectors, int k, HybridFusion fusion) {
    List<FusedHit> fused = fusion.fuse(topDocs(words), topDocs(vectors), k);
    int[] documents = new int[fused.size()];
    float[] scores = new float[fused.size()];
    for (int rank = 0; rank < documents.length; rank++) {
      documents[rank] = fused.get(rank).doc();
      scores[rank] = (float) fused.get(rank).score();
    }
    return new Ranking(documents, scores);
  }

  private static TopDocs topDocs(Ranking ranking) {
    ScoreDoc[] hits = new ScoreDoc[ranking.size()];
    for (int rank = 0; rank < hits.length; rank++) {
      hits[rank] = new ScoreDoc(ranking.document(rank), ranking.score(rank));
    }
    return new TopDocs(new TotalHits(hits.length, TotalHits.Relation.EQUAL_TO), hits);
  }
}
