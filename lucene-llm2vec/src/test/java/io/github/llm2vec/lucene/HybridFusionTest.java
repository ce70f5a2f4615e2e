/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static io.github.llm2vec.lucene.Rankings.docs;
import static io.github.llm2vec.lucene.Rankings.ranking;
import static io.github.llm2vec.lucene.Rankings.topDocs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.junit.jupiter.api.Test;

class HybridFusionTest {

  private static final HybridFusion SCALED = HybridFusion.DEFAULT.withMethod(FusionMethod.MIN_MAX);

  @Test
  void weighsReciprocalRanks() {
    HybridFusion fusion = HybridFusion.DEFAULT.withWeights(1, 0.25);
    // 1: 1/61, 2: 1/62 + 0.25/61, 3: 0.25/62.
    List<FusedHit> fused = fusion.fuse(ranking(1, 2), ranking(2, 3), 9);
    assertEquals(List.of(2, 1, 3), docs(fused));
    assertEquals(0.0202273929, fused.get(0).score(), 1e-10);
    assertEquals(0.0163934426, fused.get(1).score(), 1e-10);
    assertEquals(0.0040322581, fused.get(2).score(), 1e-10);
    // Without weight, a ranking adds documents but no order of its own.
    assertEquals(
        List.of(1, 2, 3),
        docs(HybridFusion.DEFAULT.withWeights(1, 0).fuse(ranking(1, 2), ranking(3, 2), 9)));
  }

  /** BM25 of 12, 9 and 2, cosines of 0.8, 0.75 and 0.6. */
  @Test
  void scalesScores() {
    TopDocs words = topDocs(new ScoreDoc(1, 12), new ScoreDoc(2, 9), new ScoreDoc(3, 2));
    TopDocs vectors = topDocs(new ScoreDoc(3, 0.8f), new ScoreDoc(2, 0.75f), new ScoreDoc(4, 0.6f));
    List<FusedHit> fused = SCALED.withWeights(1, 0.5).fuse(words, vectors, 9);
    assertEquals(List.of(2, 1, 3, 4), docs(fused));
    assertEquals(0.7 + 0.5 * 0.75, fused.get(0).score(), 1e-6);
    assertEquals(1, fused.get(1).score(), 1e-6);
    assertEquals(0.5, fused.get(2).score(), 1e-6);
    assertEquals(0, fused.get(3).score(), 1e-6);
    assertEquals(List.of(3, 1), fused.get(2).ranks());
    assertEquals(List.of(2, 1), docs(SCALED.withWeights(1, 0.5).fuse(words, vectors, 2)));
  }

  @Test
  void scalingChangesNothingByWhatScoresAreMeasuredIn() {
    Random random = new Random(7);
    for (int run = 0; run < 200; run++) {
      float[] words = scores(random);
      float[] vectors = scores(random);
      HybridFusion fusion = SCALED.withWeights(1, random.nextDouble());
      Map<Integer, Double> plain = byDoc(fusion.fuse(found(words, 1, 0), found(vectors, 1, 0), 99));
      Map<Integer, Double> other =
          byDoc(fusion.fuse(found(words, 3, -20), found(vectors, 0.25f, 5), 99));
      assertEquals(plain.keySet(), other.keySet());
      plain.forEach((doc, score) -> assertEquals(score, other.get(doc), 1e-4));
    }
  }

  @Test
  void aRankingOfEqualScoresGivesAllTheMost() {
    TopDocs words = topDocs(new ScoreDoc(1, 3), new ScoreDoc(2, 3));
    List<FusedHit> fused = SCALED.fuse(words, topDocs(new ScoreDoc(2, 0.5f)), 9);
    assertEquals(List.of(2, 1), docs(fused));
    assertEquals(2, fused.get(0).score());
    assertEquals(1, fused.get(1).score());
    assertEquals(List.of(), SCALED.fuse(topDocs(), topDocs(), 1));
  }

  @Test
  void rejectsWhatGivesNoOrder() {
    HybridFusion fusion = HybridFusion.DEFAULT;
    assertMessage(
        "wordWeight must be 0 or more and finite, got -1.0", () -> fusion.withWeights(-1, 1));
    assertMessage(
        "vectorWeight must be 0 or more and finite, got NaN",
        () -> fusion.withWeights(1, Double.NaN));
    assertMessage("wordWeight and vectorWeight must not both be 0", () -> fusion.withWeights(0, 0));
    assertMessage("topN must be at least 1, got 0", () -> fusion.fuse(topDocs(), topDocs(), 0));
    assertMessage(
        "fusion must be one of rrf, minmax, got 'linear'", () -> FusionMethod.of("linear"));
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static float[] scores(Random random) {
    float[] scores = new float[1 + random.nextInt(20)];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = random.nextFloat();
    }
    Arrays.sort(scores);
    return scores;
  }

  /** Ascending scores as a ranking, document i having the score i. */
  private static TopDocs found(float[] scores, float factor, float shift) {
    return topDocs(
        IntStream.range(0, scores.length)
            .map(i -> scores.length - 1 - i)
            .mapToObj(doc -> new ScoreDoc(doc, scores[doc] * factor + shift))
            .toArray(ScoreDoc[]::new));
  }

  private static Map<Integer, Double> byDoc(List<FusedHit> hits) {
    Map<Integer, Double> scores = new HashMap<>();
    hits.forEach(hit -> scores.put(hit.doc(), hit.score()));
    return scores;
  }
}
