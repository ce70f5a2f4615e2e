/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cuts a list of texts into batches by what they cost, longest first, so that a lack of memory
 * shows with the first batch and not after an hour. A pure function: equal lengths keep their
 * order, and every text is in exactly one batch.
 *
 * @param maxTokens most tokens of a batch; a longer text gets a batch of its own
 * @param maxTexts most texts of a batch
 * @param grouping which texts may share a batch and what they cost
 */
public record BatchPlanner(int maxTokens, int maxTexts, Grouping grouping) {

  /** Which texts may share a batch. */
  public enum Grouping {
    /** Any; rows are packed without padding, so a batch costs the sum of its lengths. */
    PACKED,
    /** Any; rows are padded, so a batch costs its longest length times its size. */
    PADDED,
    /** Only texts of the same length, so that neither padding nor packing is needed. */
    EQUAL_LENGTH
  }

  /** Checks the limits. */
  public BatchPlanner {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be >= 1, got " + maxTokens);
    }
    if (maxTexts < 1) {
      throw new IllegalArgumentException("maxTexts must be >= 1, got " + maxTexts);
    }
  }

  /**
   * Plans batches.
   *
   * @param lengths number of tokens of each text, none negative
   */
  public BatchPlan plan(int[] lengths) {
    List<Integer> order =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(Comparator.comparingInt((Integer text) -> lengths[text]).reversed())
            .toList();
    List<Batch> batches = new ArrayList<>();
    int start = 0;
    long tokens = 0;
    for (int i = 0; i < order.size(); i++) {
      int length = lengths[order.get(i)];
      int longest = lengths[order.get(start)];
      if (i > start && !fits(longest, length, i - start, tokens)) {
        batches.add(new Batch(order.subList(start, i), longest, tokens));
        start = i;
        tokens = 0;
      }
      tokens += length;
    }
    if (start < order.size()) {
      batches.add(new Batch(order.subList(start, order.size()), lengths[order.get(start)], tokens));
    }
    return new BatchPlan(batches);
  }

  private boolean fits(int longest, int length, int texts, long tokens) {
    if (texts >= maxTexts || (grouping == Grouping.EQUAL_LENGTH && length != longest)) {
      return false;
    }
    long cost = grouping == Grouping.PADDED ? (long) longest * (texts + 1) : tokens + length;
    return cost <= maxTokens;
  }

  /**
   * Texts that go through the model together.
   *
   * @param texts their indices in the planned list, longest text first
   * @param longest tokens of the longest
   * @param tokens tokens of all
   */
  public record Batch(List<Integer> texts, int longest, long tokens) {

    /** Copies the list. */
    public Batch {
      texts = List.copyOf(texts);
    }

    /** Positions of the batch if its rows were padded to the longest. */
    public long paddedTokens() {
      return (long) longest * texts.size();
    }
  }

  /**
   * All batches of a list.
   *
   * @param batches in the order in which they should run
   */
  public record BatchPlan(List<Batch> batches) {

    /** Copies the list. */
    public BatchPlan {
      batches = List.copyOf(batches);
    }

    /** Tokens of all batches. */
    public long tokens() {
      return batches.stream().mapToLong(Batch::tokens).sum();
    }

    /** Part of the positions that would be padding if rows were padded, from 0 to 1. */
    public double paddingWaste() {
      long padded = batches.stream().mapToLong(Batch::paddedTokens).sum();
      return padded == 0 ? 0 : 1 - (double) tokens() / padded;
    }
  }
}
