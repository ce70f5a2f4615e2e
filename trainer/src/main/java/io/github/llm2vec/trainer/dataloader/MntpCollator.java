/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.trainer.config.MaskingArguments.Collator;
import io.github.llm2vec.trainer.random.TorchGenerator;
import java.util.Arrays;
import java.util.List;

/**
 * Pads sequences to one length and masks some of their tokens, drawing as {@code
 * DataCollatorForLanguageModeling} of transformers 4.44 draws, so that the same state of the
 * generator gives the same masks. Draws are made for padding, too, which is why sequences are
 * padded before. Immutable.
 */
public record MntpCollator(Options options, MaskToken mask) {

  private static final float MASKED = 0.8f;
  private static final float RANDOM = 0.5f;

  /**
   * How batches are made.
   *
   * @param probability share of tokens that are selected
   * @param collator what becomes of them
   * @param padId id of padding
   * @param padLeft whether padding comes first
   * @param padTo least length of rows; 0 for that of the longest
   */
  public record Options(
      double probability, Collator collator, int padId, boolean padLeft, int padTo) {}

  /**
   * Makes a batch.
   *
   * @param sequences at least one
   * @param generator where masks are drawn from
   */
  public MntpBatch collate(List<TokenRow> sequences, TorchGenerator generator) {
    int longest = sequences.stream().mapToInt(TokenRow::length).max().orElseThrow();
    int columns = Math.max(longest, options.padTo());
    int[] ids = new int[sequences.size() * columns];
    Arrays.fill(ids, options.padId());
    boolean[] maskable = new boolean[ids.length];
    int[] starts = new int[sequences.size()];
    int[] lengths = new int[sequences.size()];
    for (int row = 0; row < lengths.length; row++) {
      TokenRow sequence = sequences.get(row);
      lengths[row] = sequence.length();
      starts[row] = options.padLeft() ? columns - lengths[row] : 0;
      for (int i = 0; i < lengths[row]; i++) {
        int position = row * columns + starts[row] + i;
        ids[position] = sequence.id(i);
        maskable[position] = !sequence.isSpecial(i);
      }
    }
    int[] labels = mask(ids, maskable, generator);
    return new MntpBatch(columns, ids, labels, starts, lengths);
  }

  /** Replaces selected ids; returns what stood there, and {@link MntpBatch#IGNORED} elsewhere. */
  private int[] mask(int[] ids, boolean[] maskable, TorchGenerator generator) {
    float probability = (float) options.probability();
    boolean[] selected = new boolean[ids.length];
    for (int i = 0; i < ids.length; i++) {
      selected[i] = generator.bernoulli(maskable[i] ? probability : 0);
    }
    int[] labels = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      labels[i] = selected[i] ? ids[i] : MntpBatch.IGNORED;
    }
    switch (options.collator()) {
      case ALL_MASK -> replaceAll(ids, selected);
      case DEFAULT -> replaceMost(ids, selected, generator);
    }
    return labels;
  }

  private void replaceAll(int[] ids, boolean[] selected) {
    for (int i = 0; i < ids.length; i++) {
      if (selected[i]) {
        ids[i] = mask.id();
      }
    }
  }

  /** Each of the three draws is made for all positions before the next begins. */
  private void replaceMost(int[] ids, boolean[] selected, TorchGenerator generator) {
    boolean[] masked = new boolean[ids.length];
    for (int i = 0; i < ids.length; i++) {
      masked[i] = generator.bernoulli(MASKED) && selected[i];
    }
    boolean[] random = new boolean[ids.length];
    for (int i = 0; i < ids.length; i++) {
      random[i] = generator.bernoulli(RANDOM) && selected[i] && !masked[i];
    }
    for (int i = 0; i < ids.length; i++) {
      int drawn = generator.below(mask.vocabularySize());
      if (masked[i]) {
        ids[i] = mask.id();
      } else if (random[i]) {
        ids[i] = drawn;
      }
    }
  }
}
