/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.collate;

import io.github.llm2vec.encoder.Tokenizer;
import io.github.llm2vec.trainer.config.LabelShift;
import io.github.llm2vec.trainer.data.LabelSet;
import io.github.llm2vec.trainer.data.WordSentence;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Tokenizes sentences word by word and puts the labels of words on tokens, as upstream does: the
 * first token of a word has its label. Which position predicts it is {@link LabelShift}.
 * Thread-safe; uses the tokenizer, does not close it.
 */
public final class WordAligner {

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
  public WordRow align(WordSentence sentence) {
    List<Integer> prefix = tokenizer.prefixIds();
    List<Integer> suffix = tokenizer.suffixIds();
    int room = maxLength - prefix.size() - suffix.size();
    int[] ids = new int[maxLength];
    int[] words = new int[maxLength];
    Arrays.fill(words, WordRow.NO_WORD);
    int length = 0;
    for (int id : prefix) {
      ids[length++] = id;
    }
    int end = length + Math.max(0, room);
    for (int word = 0; word < sentence.words().size() && length < end; word++) {
      for (int id : tokenizer.encode(sentence.words().get(word))) {
        if (length < end) {
          words[length] = word;
          ids[length++] = id;
        }
      }
    }
    for (int id : suffix) {
      ids[length++] = id;
    }
    return label(sentence, Arrays.copyOf(ids, length), Arrays.copyOf(words, length));
  }

  private WordRow label(WordSentence sentence, int[] ids, int[] words) {
    int[] placed = new int[ids.length];
    int before = WordRow.NO_WORD;
    for (int i = 0; i < ids.length; i++) {
      boolean begins = words[i] != WordRow.NO_WORD && words[i] != before;
      placed[i] = begins ? label(sentence, words[i]) : WordRow.IGNORED;
      before = words[i];
    }
    return switch (shift) {
      case SAME_TOKEN, NEXT_WORD -> new WordRow(ids, placed, words);
      case NEXT_TOKEN ->
          new WordRow(ids, shiftLeft(placed, WordRow.IGNORED), shiftLeft(words, WordRow.NO_WORD));
    };
  }

  private int label(WordSentence sentence, int word) {
    int labelled = shift == LabelShift.NEXT_WORD ? word + 1 : word;
    if (labelled == sentence.tags().size()) {
      return WordRow.IGNORED;
    }
    Integer label = labels.get(sentence.tags().get(labelled));
    if (label == null) {
      throw new IllegalArgumentException(
          "there is no label for the tag \"" + sentence.tags().get(labelled) + "\"");
    }
    return label;
  }

  private static int[] shiftLeft(int[] values, int last) {
    int[] shifted = new int[values.length];
    System.arraycopy(values, 1, shifted, 0, values.length - 1);
    shifted[values.length - 1] = last;
    return shifted;
  }
}
