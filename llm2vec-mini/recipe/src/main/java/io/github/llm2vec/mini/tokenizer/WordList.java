/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import io.github.llm2vec.mini.tokenizer.MergeLearner.Merge;
import java.util.Arrays;
import java.util.Map;

/** The words as ids of tokens, with merges applied so far. Not thread-safe. */
final class WordList {

  /** Told how often a pair comes and goes when a word changes. */
  interface Changes {

    /**
     * A pair has come into a word or gone from it.
     *
     * @param times occurrences in all texts; negative if it has gone
     */
    void changed(Merge pair, int word, long times);
  }

  private final int[][] words;
  private final long[] counts;

  WordList(Map<String, Long> counted, ByteAlphabet alphabet) {
    words = new int[counted.size()][];
    counts = new long[counted.size()];
    int next = 0;
    for (Map.Entry<String, Long> entry : counted.entrySet()) {
      words[next] = entry.getKey().chars().map(alphabet::id).toArray();
      counts[next++] = entry.getValue();
    }
  }

  /** Tells every pair of neighbours. */
  void pairs(Changes found) {
    for (int word = 0; word < words.length; word++) {
      int[] ids = words[word];
      for (int i = 1; i < ids.length; i++) {
        found.changed(new Merge(ids[i - 1], ids[i]), word, counts[word]);
      }
    }
  }

  /**
   * Joins a pair wherever a word has it, from the left.
   *
   * @param word number of the word
   * @param pair what is joined
   * @param joined the id that it becomes
   * @param changes told of the neighbours that change; not of the pair itself, which is done with
   */
  void join(int word, Merge pair, int joined, Changes changes) {
    int[] ids = words[word];
    int length = ids.length;
    for (int i = 0; i + 1 < length; i++) {
      if (ids[i] != pair.left() || ids[i + 1] != pair.right()) {
        continue;
      }
      if (i > 0) {
        changes.changed(new Merge(ids[i - 1], pair.left()), word, -counts[word]);
        changes.changed(new Merge(ids[i - 1], joined), word, counts[word]);
      }
      ids[i] = joined;
      System.arraycopy(ids, i + 2, ids, i + 1, length - i - 2);
      length--;
      if (i + 1 < length) {
        changes.changed(new Merge(pair.right(), ids[i + 1]), word, -counts[word]);
        changes.changed(new Merge(joined, ids[i + 1]), word, counts[word]);
      }
    }
    if (length < ids.length) {
      words[word] = Arrays.copyOf(ids, length);
    }
  }
}
