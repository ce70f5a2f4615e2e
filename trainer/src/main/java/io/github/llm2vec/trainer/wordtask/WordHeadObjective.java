/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.llm2vec.trainer.loop.Objective;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The objective of a word task: mean cross-entropy over the labelled words of a batch, after
 * dropout of their hidden states. Evaluated with seqeval's metrics.
 */
final class WordHeadObjective implements Objective<WordBatch> {

  /**
   * Dropout of hidden states. What falls out depends on the seed and the number of the batch alone,
   * so that a resumed run drops what it would have dropped; PyTorch draws other places.
   *
   * @param probability of a number to become 0; the others grow to keep the mean
   * @param seed of the run
   */
  record Dropout(double probability, long seed) {

    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    /**
     * Drops numbers in place.
     *
     * @param batch number of the batch in the whole run
     */
    void apply(float[] states, long batch) {
      if (probability == 0) {
        return;
      }
      SplittableRandom random = new SplittableRandom(seed * SPREAD + batch);
      float kept = (float) (1 / (1 - probability));
      for (int i = 0; i < states.length; i++) {
        states[i] = random.nextDouble() < probability ? 0 : states[i] * kept;
      }
    }
  }

  private final WordHeadModel model;
  private final Dropout dropout;
  private Optional<WordScores> scores = Optional.empty();

  WordHeadObjective(WordHeadModel model, Dropout dropout) {
    this.model = model;
    this.dropout = dropout;
  }

  @Override
  public boolean isEmpty(WordBatch batch) {
    return batch.words() == 0;
  }

  @Override
  public int tokens(WordBatch batch) {
    return batch.words();
  }

  @Override
  public int rows(WordBatch batch) {
    return batch.sentences().size();
  }

  @Override
  public double addGradient(WordBatch batch, double weight) {
    int hidden = model.config().hiddenSize();
    float[] states = new float[Math.multiplyExact(batch.words(), hidden)];
    int[] truth = new int[batch.words()];
    int next = 0;
    for (WordBatch.Sentence sentence : batch.sentences()) {
      int words = sentence.labels().length;
      System.arraycopy(sentence.states(), 0, states, next * hidden, words * hidden);
      System.arraycopy(sentence.labels(), 0, truth, next, words);
      next += words;
    }
    dropout.apply(states, batch.number());
    return model.addGradient(states, truth, weight);
  }

  @Override
  public Evaluation<WordBatch> evaluation() {
    WordScores.Scorer scorer = new WordScores.Scorer(model.head());
    return new Evaluation<>() {
      @Override
      public void add(WordBatch batch) {
        batch.sentences().forEach(scorer::add);
      }

      @Override
      public Map<String, Double> metrics() {
        WordScores found = scorer.scores();
        scores = Optional.of(found);
        return found.metrics("eval_");
      }
    };
  }

  /** The scores of the last evaluation. */
  Optional<WordScores> scores() {
    return scores;
  }

  @Override
  public JsonNode describe(WordBatch batch) {
    ArrayNode labels = JsonNodeFactory.instance.arrayNode();
    for (WordBatch.Sentence sentence : batch.sentences()) {
      ArrayNode row = labels.addArray();
      for (int label : sentence.labels()) {
        row.add(label);
      }
    }
    return labels;
  }
}
