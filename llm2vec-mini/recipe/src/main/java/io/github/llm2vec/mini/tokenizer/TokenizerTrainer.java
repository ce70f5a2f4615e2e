/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import io.github.llm2vec.mini.tokenizer.TokenizerOptions.SpecialToken;
import java.util.function.IntConsumer;

/**
 * Learns a tokenizer: first {@link #add} every text, then {@link #train} once. The result depends
 * on nothing but the texts, their order and the options. Not thread-safe.
 */
public final class TokenizerTrainer {

  /** Half a gigabyte at most. Texts of 100 MB have about a million different words. */
  private static final int MOST_WORDS = 3_000_000;

  private final TokenizerOptions options;
  private final WordCounts words;

  /** Creates a trainer that has read nothing yet. */
  public TokenizerTrainer(TokenizerOptions options) {
    this.options = options;
    this.words = new WordCounts(options.lowercase(), MOST_WORDS);
  }

  /** Reads a text. Nothing but its words' counts is kept. */
  public void add(String text) {
    words.add(text);
  }

  /**
   * Learns the tokens.
   *
   * @param learned told the number of tokens that there are, now and then
   * @throws IllegalStateException if no text with a word was added
   */
  public TrainedTokenizer train(IntConsumer learned) {
    if (words.counts().isEmpty()) {
      throw new IllegalStateException("there is no text to learn a tokenizer from");
    }
    MergeLearner learner = new MergeLearner(words.counts(), new ByteAlphabet());
    int wanted = options.vocabularySize() - SpecialToken.values().length;
    learner.learn(wanted, options.leastCount(), learned);
    return new TrainedTokenizer(options, learner.tokens(), learner.merges());
  }
}
