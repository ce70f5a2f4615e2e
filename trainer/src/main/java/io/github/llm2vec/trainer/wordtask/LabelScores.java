/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.tokenclassification.WordSpan;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counts correct labels and spans sentence by sentence, as seqeval does.
 *
 * <p>The numbers are seqeval's: {@link #accuracy()} is {@code accuracy_score}, {@link #overall()}
 * {@code precision_score}, {@code recall_score} and {@code f1_score} with {@code average='micro'},
 * and {@link #byType()} are the rows of {@code classification_report}. For labels without spans,
 * such as parts of speech, accuracy is the number that means something.
 *
 * <p>Used by one thread.
 */
final class LabelScores {

  private final SortedMap<String, Counts> counts = new TreeMap<>();
  private long words;
  private long rightWords;

  private static final class Counts {
    private long right;
    private long found;
    private long support;

    WordScores.SpanScore score() {
      return WordScores.SpanScore.of(right, found, support);
    }
  }

  /**
   * Adds a sentence.
   *
   * @param truth the labels it has
   * @param predicted the labels it was given, one per word
   */
  public void add(List<String> truth, List<String> predicted) {
    if (truth.size() != predicted.size()) {
      throw new IllegalArgumentException(
          "a sentence of " + truth.size() + " words was given " + predicted.size() + " labels");
    }
    words += truth.size();
    for (int i = 0; i < truth.size(); i++) {
      rightWords += truth.get(i).equals(predicted.get(i)) ? 1 : 0;
    }
    // A set, because the lenient rules may give one span twice, which seqeval counts once.
    Set<WordSpan> trueSpans = new HashSet<>(WordSpan.of(truth));
    Set<WordSpan> foundSpans = new HashSet<>(WordSpan.of(predicted));
    for (WordSpan span : trueSpans) {
      of(span).support++;
      of(span).right += foundSpans.contains(span) ? 1 : 0;
    }
    for (WordSpan span : foundSpans) {
      of(span).found++;
    }
  }

  private Counts of(WordSpan span) {
    return counts.computeIfAbsent(span.type(), type -> new Counts());
  }

  /** Share of the words that have the right label; 0 before the first word. */
  public double accuracy() {
    return words == 0 ? 0 : (double) rightWords / words;
  }

  /** All spans counted together. */
  public WordScores.SpanScore overall() {
    Counts sum = new Counts();
    for (Counts type : counts.values()) {
      sum.right += type.right;
      sum.found += type.found;
      sum.support += type.support;
    }
    return sum.score();
  }

  /** Every type by itself, in alphabetical order. */
  public SortedMap<String, WordScores.SpanScore> byType() {
    SortedMap<String, WordScores.SpanScore> scores = new TreeMap<>();
    for (Map.Entry<String, Counts> type : counts.entrySet()) {
      scores.put(type.getKey(), type.getValue().score());
    }
    return scores;
  }
}
