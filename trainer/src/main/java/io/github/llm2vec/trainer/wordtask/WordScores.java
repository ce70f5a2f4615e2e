/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The metrics of a head: loss, accuracy, and seqeval's precision, recall and F1.
 *
 * @param words labelled words
 * @param loss mean cross-entropy of all labelled words
 * @param accuracy share of the words that got their label
 * @param overall precision, recall and F1 of the spans that labels mean, as seqeval counts them
 * @param byType the same of every type of span
 */
public record WordScores(
    long words,
    double loss,
    double accuracy,
    SpanScore overall,
    SortedMap<String, SpanScore> byType) {

  /** Copies. */
  public WordScores {
    byType = Collections.unmodifiableSortedMap(new TreeMap<>(byType));
  }

  /** The metrics that upstream's script logs, under its names with a prefix. */
  Map<String, Double> metrics(String prefix) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(prefix + "loss", loss);
    metrics.put(prefix + "precision", overall.precision());
    metrics.put(prefix + "recall", overall.recall());
    metrics.put(prefix + "f1", overall.f1());
    metrics.put(prefix + "accuracy", accuracy);
    return metrics;
  }

  /**
   * Precision, recall and F1, each 0 where it would divide by 0.
   *
   * @param precision share of the found spans that are right
   * @param recall share of the true spans that were found
   * @param f1 their harmonic mean
   * @param support number of true spans
   */
  public record SpanScore(double precision, double recall, double f1, long support) {

    static SpanScore of(long right, long found, long support) {
      double precision = found == 0 ? 0 : (double) right / found;
      double recall = support == 0 ? 0 : (double) right / support;
      double sum = precision + recall;
      return new SpanScore(precision, recall, sum == 0 ? 0 : 2 * precision * recall / sum, support);
    }
  }
}
