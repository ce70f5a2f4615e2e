/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.tokenclassification.WordHead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
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

  /** Evaluates a head sentence by sentence, with loss and seqeval's metrics. */
  static final class Scorer {

    private final WordHead head;
    private final LabelScores labels = new LabelScores();
    private double lossSum;
    private long words;

    Scorer(WordHead head) {
      this.head = head;
    }

    /** Adds a sentence. */
    void add(WordBatch.Sentence sentence) {
      float[] states = sentence.states();
      int[] truth = sentence.labels();
      int hidden = head.config().hiddenSize();
      List<String> names = head.config().labels();
      List<String> expected = new ArrayList<>();
      List<String> predicted = new ArrayList<>();
      for (int word = 0; word < truth.length; word++) {
        float[] logits =
            head.logits(Arrays.copyOfRange(states, word * hidden, (word + 1) * hidden));
        expected.add(names.get(truth[word]));
        predicted.add(names.get(WordHead.best(logits)));
        lossSum -= Math.log(WordHead.probability(logits, truth[word]));
        words++;
      }
      labels.add(expected, predicted);
    }

    WordScores scores() {
      return new WordScores(
          words,
          words == 0 ? 0 : lossSum / words,
          labels.accuracy(),
          labels.overall(),
          labels.byType());
    }
  }
}
