/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apiguardian.api.API;

/**
 * The tokens of a sentence that comes word by word, and which of them predict the label of each
 * word: upstream's alignment of word tasks. Immutable.
 */
@API(status = API.Status.INTERNAL)
public final class WordTokens {

  /** Stands for no word, and for no position. */
  public static final int NONE = -1;

  private final int[] ids; // (T)
  private final int[] words; // (T), shifted with the labels
  private final int[] predictors; // one per word

  private WordTokens(int[] ids, int[] words, int[] predictors) {
    this.ids = ids;
    this.words = words;
    this.predictors = predictors;
  }

  /**
   * Tokenizes every word by itself, with the tokenizer's special tokens around all of them.
   *
   * @param maxLength most tokens, special ones included; the rest is cut at its end
   */
  public static WordTokens of(
      Tokenizer tokenizer, List<String> words, LabelShift shift, int maxLength) {
    List<Integer> prefix = tokenizer.prefixIds();
    List<Integer> suffix = tokenizer.suffixIds();
    int end = prefix.size() + Math.max(0, maxLength - prefix.size() - suffix.size());
    IntStream.Builder ids = IntStream.builder();
    IntStream.Builder wordOf = IntStream.builder();
    int[] first = new int[words.size()];
    Arrays.fill(first, NONE);
    prefix.forEach(id -> add(ids, wordOf, id, NONE));
    int length = prefix.size();
    for (int word = 0; word < first.length && length < end; word++) {
      for (int id : tokenizer.encode(words.get(word))) {
        if (length < end) {
          first[word] = first[word] == NONE ? length : first[word];
          add(ids, wordOf, id, word);
          length++;
        }
      }
    }
    suffix.forEach(id -> add(ids, wordOf, id, NONE));
    int[] belonging = wordOf.build().toArray();
    return switch (shift) {
      case SAME_TOKEN -> new WordTokens(ids.build().toArray(), belonging, first);
      case NEXT_TOKEN ->
          new WordTokens(ids.build().toArray(), shiftLeft(belonging), tokenBefore(first));
      case NEXT_WORD -> new WordTokens(ids.build().toArray(), belonging, wordBefore(first));
    };
  }

  private static void add(IntStream.Builder ids, IntStream.Builder words, int id, int word) {
    ids.add(id);
    words.add(word);
  }

  private static int[] shiftLeft(int[] values) {
    int[] shifted = Arrays.copyOfRange(values, 1, values.length + 1);
    if (shifted.length > 0) {
      shifted[shifted.length - 1] = NONE;
    }
    return shifted;
  }

  /** The first token of a sequence has none before it: then nothing predicts the word. */
  private static int[] tokenBefore(int[] first) {
    return Arrays.stream(first).map(position -> Math.max(NONE, position - 1)).toArray();
  }

  private static int[] wordBefore(int[] first) {
    return IntStream.range(0, first.length)
        .map(word -> word == 0 ? NONE : first[word - 1])
        .toArray();
  }

  /** Number of tokens, T. */
  public int length() {
    return ids.length;
  }

  /** Ids of the tokens, a fresh array. */
  public int[] ids() {
    return ids.clone();
  }

  /**
   * For every token the word to whose mean it belongs if subwords are merged, {@link #NONE} for
   * those of no word; a fresh array.
   */
  public int[] words() {
    return words.clone();
  }

  /**
   * For every word the position that predicts its label; {@link #NONE} for words that were cut off,
   * that have no token, or that no position precedes. A fresh array.
   */
  public int[] predictors() {
    return predictors.clone();
  }
}
