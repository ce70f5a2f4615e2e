/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How good a head is.
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

  static WordScores of(LabelScores labels, double lossSum, long words) {
    return new WordScores(
        words,
        words == 0 ? 0 : lossSum / words,
        labels.accuracy(),
        labels.overall(),
        labels.byType());
  }

  /** Adds the figures under the names that upstream's script logs, each with a prefix. */
  void put(ObjectNode target, String prefix) {
    target.put(prefix + "loss", loss);
    target.put(prefix + "precision", overall.precision());
    target.put(prefix + "recall", overall.recall());
    target.put(prefix + "f1", overall.f1());
    target.put(prefix + "accuracy", accuracy);
  }

  /**
   * One of the figures by the name that {@code metric_for_best_model} has for it.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  double metric(String name) {
    return switch (name.startsWith("eval_") ? name.substring("eval_".length()) : name) {
      case "loss" -> loss;
      case "precision" -> overall.precision();
      case "recall" -> overall.recall();
      case "f1" -> overall.f1();
      case "accuracy" -> accuracy;
      default ->
          throw new IllegalArgumentException(
              "metric_for_best_model must be loss, precision, recall, f1 or accuracy, got " + name);
    };
  }
}
