/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import io.github.llm2vec.encoder.BatchPlanner;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.PackedBatch;
import java.util.ArrayList;
import java.util.List;
import org.apiguardian.api.API;

/**
 * Computes the hidden states that a word head reads: those of single tokens or, with merged
 * subwords, the mean over the tokens of a word. Every sentence goes through the model once, however
 * many of its states are asked for. Thread-safe; does not own the decoder.
 */
@API(status = API.Status.INTERNAL)
public final class WordStates {

  private final Decoder decoder;
  private final boolean mergeSubwords;
  private final BatchPlanner planner;

  /** A sentence and what is asked of it. Immutable. */
  public static final class Sentence {

    private final int[] ids;
    private final int[] words;
    private final int[] positions;

    /**
     * A sentence.
     *
     * @param ids its tokens, at least one
     * @param words the word of every token, {@link WordTokens#NONE} for none
     * @param positions the tokens whose states are asked for
     */
    public Sentence(int[] ids, int[] words, int[] positions) {
      this.ids = ids.clone();
      this.words = words.clone();
      this.positions = positions.clone();
    }
  }

  /**
   * States of a model.
   *
   * @param mergeSubwords whether a position stands for all tokens of its word
   * @param maxBatchTokens most tokens that go through the model at once
   */
  public WordStates(Decoder decoder, boolean mergeSubwords, int maxBatchTokens) {
    this.decoder = decoder;
    this.mergeSubwords = mergeSubwords;
    this.planner =
        new BatchPlanner(maxBatchTokens, Integer.MAX_VALUE, BatchPlanner.Grouping.PACKED);
  }

  /** Length of a state, H. */
  public int hiddenSize() {
    return decoder.spec().outputSize();
  }

  /**
   * The states of sentences.
   *
   * @return for every sentence {@code (positions, H)}
   */
  public List<float[][]> of(List<Sentence> sentences) {
    List<float[][]> states = new ArrayList<>();
    sentences.forEach(sentence -> states.add(new float[0][]));
    int[] lengths = sentences.stream().mapToInt(sentence -> sentence.ids.length).toArray();
    for (BatchPlanner.Batch batch : planner.plan(lengths).batches()) {
      PackedBatch.Builder builder = new PackedBatch.Builder();
      for (int number : batch.texts()) {
        add(builder, sentences.get(number));
      }
      float[][] rows = decoder.forward(builder.build());
      int row = 0;
      for (int number : batch.texts()) {
        int count = sentences.get(number).positions.length;
        float[][] own = new float[count][];
        System.arraycopy(rows, row, own, 0, count);
        states.set(number, own);
        // A sentence that nothing is asked of has one row all the same.
        row += Math.max(1, count);
      }
    }
    return states;
  }

  private void add(PackedBatch.Builder builder, Sentence sentence) {
    builder.add(sentence.ids, 0);
    for (int i = 0; i < sentence.positions.length; i++) {
      if (i > 0) {
        builder.nextVector();
      }
      pool(builder, sentence, sentence.positions[i]);
    }
  }

  private void pool(PackedBatch.Builder builder, Sentence sentence, int position) {
    int word = sentence.words[position];
    if (!mergeSubwords || word == WordTokens.NONE) {
      builder.pool(position, 1f);
      return;
    }
    int count = 0;
    for (int other : sentence.words) {
      count += other == word ? 1 : 0;
    }
    for (int i = 0; i < sentence.words.length; i++) {
      if (sentence.words[i] == word) {
        builder.pool(i, 1f / count);
      }
    }
  }
}
