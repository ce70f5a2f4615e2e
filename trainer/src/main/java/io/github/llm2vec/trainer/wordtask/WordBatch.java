/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.util.List;

/**
 * A batch of sentences as a head sees them: hidden states and labels.
 *
 * @param sentences the sentences
 * @param number number of the batch in the whole run, from 1
 */
record WordBatch(List<Sentence> sentences, long number) {

  WordBatch {
    sentences = List.copyOf(sentences);
  }

  /**
   * The labelled words of a sentence. The arrays are not copied.
   *
   * @param states (N, H), row after row
   * @param labels (N)
   */
  // Compared by nobody, so that the array does no harm.
  @SuppressWarnings("ArrayRecordComponent")
  record Sentence(float[] states, int[] labels) {}

  /** Labelled words, N. */
  int words() {
    return sentences.stream().mapToInt(sentence -> sentence.labels().length).sum();
  }
}
