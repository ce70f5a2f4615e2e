/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static io.github.llm2vec.lucene.Rankings.docs;
import static io.github.llm2vec.lucene.Rankings.ranking;
import static io.github.llm2vec.lucene.Rankings.topDocs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.junit.jupiter.api.Test;

class ReciprocalRankFusionTest {

  @Test
  void addsReciprocalRanksAsThePaperDoes() {
    // 1: 1/61 + 1/62, 3: 1/63 + 1/61, 2: 1/62, 4: 1/63.
    List<FusedHit> fused =
        ReciprocalRankFusion.fuse(List.of(ranking(1, 2, 3), ranking(3, 1, 4)), 9);
    assertEquals(List.of(1, 3, 2, 4), docs(fused));
    assertEquals(0.0325224749, fused.get(0).score(), 1e-10);
    assertEquals(0.0322664585, fused.get(1).score(), 1e-10);
    assertEquals(0.0161290323, fused.get(2).score(), 1e-10);
    assertEquals(0.0158730159, fused.get(3).score(), 1e-10);
    assertEquals(List.of(1, 2), fused.get(0).ranks());
    assertEquals(List.of(3, 1), fused.get(1).ranks());
    assertEquals(List.of(2, 0), fused.get(2).ranks());
    assertEquals(List.of(0, 3), fused.get(3).ranks());
  }

  @Test
  void putsEqualScoresInTheOrderOfTheDocuments() {
    assertEquals(
        List.of(2, 5, 1, 9),
        docs(ReciprocalRankFusion.fuse(List.of(ranking(5, 9), ranking(2, 1)), 9)));
  }

  @Test
  void cutsToTheWantedNumber() {
    assertEquals(
        List.of(7), docs(ReciprocalRankFusion.fuse(List.of(ranking(7, 8), ranking(7, 8)), 1)));
  }

  @Test
  void takesAnyNumberOfRankings() {
    assertEquals(List.of(), ReciprocalRankFusion.fuse(List.of(), 1));
    assertEquals(List.of(), ReciprocalRankFusion.fuse(List.of(ranking(), ranking()), 1));
    assertEquals(List.of(4, 3), docs(ReciprocalRankFusion.fuse(List.of(ranking(4, 3)), 9)));
    List<FusedHit> three =
        ReciprocalRankFusion.fuse(List.of(ranking(1), ranking(2), ranking(2)), 9, 1);
    assertEquals(List.of(2, 1), docs(three));
    assertEquals(1.0, three.get(0).score());
    assertEquals(0.5, three.get(1).score());
  }

  @Test
  void countsARepeatedDocumentOnceWithItsBetterRank() {
    FusedHit hit = ReciprocalRankFusion.fuse(List.of(ranking(1, 1)), 9, 1).get(0);
    assertEquals(0.5, hit.score());
    assertEquals(List.of(1), hit.ranks());
  }

  @Test
  void keepsDocumentsOfDifferentShardsApart() {
    TopDocs ranking = topDocs(new ScoreDoc(1, 2, 0), new ScoreDoc(1, 1, 1));
    assertEquals(2, ReciprocalRankFusion.fuse(List.of(ranking), 9).size());
  }

  @Test
  void rejectsWhatHasNoRanking() {
    assertMessage("topN must be at least 1, got 0", () -> ReciprocalRankFusion.fuse(List.of(), 0));
    assertMessage(
        "rankConstant must be at least 1, got 0", () -> ReciprocalRankFusion.fuse(List.of(), 1, 0));
    assertMessage(
        "1 of 2 hits have a shardIndex; either all must have one or none",
        () -> ReciprocalRankFusion.fuse(List.of(topDocs(new ScoreDoc(1, 2, 0)), ranking(1)), 1));
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }
}
