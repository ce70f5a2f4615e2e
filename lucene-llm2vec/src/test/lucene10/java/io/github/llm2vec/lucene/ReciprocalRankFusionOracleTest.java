/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;
import org.junit.jupiter.api.RepeatedTest;

/** Compares with the fusion that Lucene has from release 10 on. */
class ReciprocalRankFusionOracleTest {

  @RepeatedTest(200)
  void equalsLucene() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    TopDocs[] rankings = new TopDocs[1 + random.nextInt(4)];
    for (int i = 0; i < rankings.length; i++) {
      rankings[i] = ranking(random);
    }
    int topN = 1 + random.nextInt(60);
    int rankConstant = 1 + random.nextInt(100);
    ScoreDoc[] expected = TopDocs.rrf(topN, rankConstant, rankings).scoreDocs;
    List<FusedHit> fused = ReciprocalRankFusion.fuse(List.of(rankings), topN, rankConstant);
    assertEquals(expected.length, fused.size(), "seed " + seed);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i].doc, fused.get(i).doc(), "seed " + seed);
      assertEquals(expected[i].score, (float) fused.get(i).score(), "seed " + seed);
    }
  }

  private static TopDocs ranking(Random random) {
    List<Integer> docs = new ArrayList<>(IntStream.range(0, 40).boxed().toList());
    Collections.shuffle(docs, random);
    ScoreDoc[] hits =
        docs.subList(0, random.nextInt(41)).stream()
            .map(doc -> new ScoreDoc(doc, 1))
            .toArray(ScoreDoc[]::new);
    return new TopDocs(new TotalHits(hits.length, TotalHits.Relation.EQUAL_TO), hits);
  }
}
