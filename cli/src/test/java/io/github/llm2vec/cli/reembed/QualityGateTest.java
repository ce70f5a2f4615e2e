/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.reembed.SearchComparison;
import io.github.llm2vec.solr.reembed.SearchComparison.Hit;
import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QualityGateTest {

  private static final QualityGate GATE = new QualityGate(0.02, 0.5);

  /** The relevant document of each query is "r", at a rank from 0. */
  private static List<Hit> hits(int rank) {
    List<Hit> hits = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      hits.add(new Hit(i == rank ? "r" : "x" + i, 1 - i / 10f));
    }
    return hits;
  }

  private static QualityGate.Verdict judge(int queries, int oldRank, int newRank) {
    Map<String, String> texts = new LinkedHashMap<>();
    Map<String, List<Hit>> old = new LinkedHashMap<>();
    Map<String, List<Hit>> fresh = new LinkedHashMap<>();
    Map<String, Map<String, Integer>> grades = new LinkedHashMap<>();
    for (int i = 0; i < queries; i++) {
      texts.put("q" + i, "text");
      old.put("q" + i, hits(oldRank));
      fresh.put("q" + i, hits(newRank));
      grades.put("q" + i, Map.of("r", 1));
    }
    return GATE.judged(new SearchComparison(texts, old, fresh), Qrels.of(grades));
  }

  @Test
  void worseModelIsRefusedAndABetterOneIsNot() {
    // 1 / log2(rank + 2), and 2 of 2^8 ways are as far apart as all eight in one direction.
    QualityGate.Verdict worse = judge(8, 0, 1);
    assertFalse(worse.accepted());
    assertEquals(
        "nDCG@10 of 8 judged queries: old 1.0000, new 0.6309, difference -0.3691, p 0.00781",
        worse.reason());
    assertTrue(judge(8, 1, 0).accepted());
    assertTrue(judge(8, 3, 3).accepted());
  }

  @Test
  void largeLossIsRefusedThoughItMayBeChance() {
    QualityGate.Verdict chance = judge(2, 0, 1);
    assertTrue(chance.reason().endsWith("p 0.500"), chance.reason());
    assertFalse(chance.accepted());
    // log2(11) is 3.459 and log2(10) 3.322: the loss is 0.012.
    assertTrue(judge(2, 8, 9).accepted());
  }

  @Test
  void queriesOfOtherJudgementsAreAnError() {
    SearchComparison found =
        new SearchComparison(Map.of("a", "text"), Map.of("a", hits(0)), Map.of("a", hits(0)));
    Qrels others = Qrels.of(Map.of("b", Map.of("r", 1)));
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> GATE.judged(found, others))
            .getMessage()
            .contains("none of the 1 queries has a judgement"));
  }

  @Test
  void withoutJudgementsTheSameHitsMustStay() {
    SearchComparison nine =
        new SearchComparison(Map.of("a", "text"), Map.of("a", hits(0)), Map.of("a", hits(1)));
    // Of r, x1 ... x9 the new one has x0, r, x2 ... x9.
    assertEquals(0.9, nine.overlap(), 1e-12);
    assertTrue(GATE.unjudged(nine).accepted());
    SearchComparison none =
        new SearchComparison(
            Map.of("a", "text"), Map.of("a", hits(0)), Map.of("a", List.of(new Hit("y", 1))));
    assertFalse(GATE.unjudged(none).accepted());
  }
}
