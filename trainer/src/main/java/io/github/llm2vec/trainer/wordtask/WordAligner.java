/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.tokenclassification.WordTokens;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Map;

/**
 * Tokenizes sentences word by word and puts the labels of words on the tokens that predict them, as
 * upstream does; see {@link WordTokens}. Thread-safe; uses the tokenizer, does not close it.
 */
final class WordAligner {

  private final Tokenizer tokenizer;
  private final LabelShift shift;
  private final int maxLength;
  private final Map<String, Integer> labels;

  /**
   * Creates an aligner.
   *
   * @param maxLength most tokens of a sentence, special ones included; the rest is cut at its end
   */
  public WordAligner(Tokenizer tokenizer, LabelSet labels, LabelShift shift, int maxLength) {
    this.tokenizer = tokenizer;
    this.shift = shift;
    this.maxLength = maxLength;
    this.labels = labels.ids();
  }

  /**
   * Aligns a sentence.
   *
   * @throws IllegalArgumentException if it has a tag that is none of the labels
   */
  public WordRow align(WordFiles.Sentence sentence) {
    WordTokens tokens = WordTokens.of(tokenizer, sentence.words(), shift, maxLength);
    int[] placed = new int[tokens.length()];
    Arrays.fill(placed, WordRow.IGNORED);
    int[] predictors = tokens.predictors();
    for (int word = 0; word < predictors.length; word++) {
      if (predictors[word] != WordTokens.NONE) {
        placed[predictors[word]] = label(sentence.tags().get(word));
      }
    }
    return new WordRow(tokens.ids(), placed, tokens.words());
  }

  private int label(String tag) {
    Integer label = labels.get(tag);
    if (label == null) {
      throw new IllegalArgumentException("there is no label for the tag \"" + tag + "\"");
    }
    return label;
  }
}
