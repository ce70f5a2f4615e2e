/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.function.IntConsumer;

/**
 * Byte pair encoding (Sennrich, Haddow and Birch 2016, "Neural Machine Translation of Rare Words
 * with Subword Units"): the most frequent pair of neighbours becomes a token, again and again.
 * Words are changed in place, and only those that have the pair; counts are kept by differences.
 *
 * <p>Of pairs that are equally frequent, the one of the lower ids comes first, as in Hugging Face's
 * library, whose results these are. Not thread-safe.
 */
final class MergeLearner {

  /**
   * Two tokens that become one.
   *
   * @param left id of the first
   * @param right id of the second
   */
  record Merge(int left, int right) implements Comparable<Merge> {

    @Override
    public int compareTo(Merge other) {
      return left != other.left
          ? Integer.compare(left, other.left)
          : Integer.compare(right, other.right);
    }
  }

  /** A pair that waits for its turn, with the words that got it since it was last looked at. */
  private record Candidate(Merge pair, long count, List<Integer> words) {}

  /** Sorts the words of a pair by number, each once. */
  private static final class Fresh {
    private final List<Integer> words = new ArrayList<>();

    void add(int word) {
      if (words.isEmpty() || words.get(words.size() - 1) != word) {
        words.add(word);
      }
    }
  }

  private final WordList words;
  private final Map<Merge, Long> counts = new HashMap<>();
  private final Map<Merge, Fresh> fresh = new HashMap<>();
  private final PriorityQueue<Candidate> queue =
      new PriorityQueue<>(
          Comparator.comparingLong((Candidate candidate) -> -candidate.count())
              .thenComparing(Candidate::pair));
  private final List<String> tokens = new ArrayList<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final LinkedHashSet<Merge> merges = new LinkedHashSet<>();

  MergeLearner(Map<String, Long> counted, ByteAlphabet alphabet) {
    words = new WordList(counted, alphabet);
    String[] single = new String[ByteAlphabet.SIZE];
    for (int value = 0; value < ByteAlphabet.SIZE; value++) {
      single[alphabet.id(value)] = String.valueOf(alphabet.character(value));
    }
    for (String token : single) {
      idOf(token);
    }
  }

  /**
   * Merges until there are enough tokens or no pair is frequent enough.
   *
   * @param size wanted number of tokens
   * @param leastCount how often a pair must occur
   * @param learned told the number of tokens after each merge
   */
  void learn(int size, long leastCount, IntConsumer learned) {
    words.pairs(this::count);
    enqueueFresh();
    while (tokens.size() < size && !queue.isEmpty()) {
      Candidate top = queue.remove();
      long count = Objects.requireNonNull(counts.get(top.pair()), "a counted pair");
      if (count != top.count()) {
        // Counts have changed since it was put there; it may not be the most frequent any more.
        queue.add(new Candidate(top.pair(), count, top.words()));
      } else if (count < leastCount) {
        return;
      } else {
        merge(top);
        learned.accept(tokens.size());
      }
    }
  }

  private void merge(Candidate top) {
    Merge pair = top.pair();
    int joined = idOf(tokens.get(pair.left()) + tokens.get(pair.right()));
    // A pair that comes up again, because its tokens can be made in several ways, counts as late.
    merges.remove(pair);
    merges.add(pair);
    for (int word : top.words()) {
      words.join(word, pair, joined, this::count);
    }
    enqueueFresh();
  }

  private int idOf(String token) {
    return ids.computeIfAbsent(
        token,
        text -> {
          tokens.add(text);
          return tokens.size() - 1;
        });
  }

  private void count(Merge pair, int word, long times) {
    counts.merge(pair, times, Long::sum);
    if (times > 0) {
      fresh.computeIfAbsent(pair, unused -> new Fresh()).add(word);
    }
  }

  private void enqueueFresh() {
    fresh.forEach(
        (pair, found) -> {
          long count = Objects.requireNonNull(counts.get(pair), "a counted pair");
          if (count > 0) {
            queue.add(new Candidate(pair, count, found.words));
          }
        });
    fresh.clear();
  }

  /** The tokens by id, in the characters that stand for bytes. */
  List<String> tokens() {
    return tokens;
  }

  /** The merges in the order in which they apply. */
  List<Merge> merges() {
    return List.copyOf(merges);
  }
}
