/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.tokenclassification.WordHead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Evaluates a head sentence by sentence, with loss and seqeval's metrics. */
final class HeadScorer {

  private final WordHead head;
  private final LabelScores labels = new LabelScores();
  private double lossSum;
  private long words;

  HeadScorer(WordHead head) {
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
      float[] logits = head.logits(Arrays.copyOfRange(states, word * hidden, (word + 1) * hidden));
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
