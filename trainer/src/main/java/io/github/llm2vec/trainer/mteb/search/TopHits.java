/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.util.Arrays;

/**
 * A bounded heap of the best scored documents. Of equal scores the smaller document number is the
 * better, so the result does not depend on the order in which documents come.
 */
final class TopHits {

  private final int[] documents;
  private final float[] scores;
  private int size;

  TopHits(int most) {
    documents = new int[most];
    scores = new float[most];
  }

  /** Takes a document; NaN counts as -1, which is MTEB's rule. */
  void offer(int document, float score) {
    float comparable = Float.isNaN(score) ? -1 : score;
    if (size < scores.length) {
      documents[size] = document;
      scores[size] = comparable;
      rise(size++);
    } else if (comparable > scores[0] || (comparable == scores[0] && document < documents[0])) {
      documents[0] = document;
      scores[0] = comparable;
      sink(size);
    }
  }

  /** Takes {@code count} documents with numbers from {@code first} on. */
  void offer(int first, float[] block, int from, int count) {
    for (int i = 0; i < count; i++) {
      // The common case in one comparison; a NaN fails it and is looked at.
      if (!(size == scores.length && block[from + i] < scores[0])) {
        offer(first + i, block[from + i]);
      }
    }
  }

  /** What was kept, best first. The heap is empty afterwards. */
  Ranking drain() {
    int kept = size;
    while (size > 1) {
      size--;
      swap(0, size);
      sink(size);
    }
    size = 0;
    return new Ranking(Arrays.copyOf(documents, kept), Arrays.copyOf(scores, kept));
  }

  private boolean worse(int left, int right) {
    return scores[left] < scores[right]
        || (scores[left] == scores[right] && documents[left] > documents[right]);
  }

  private void rise(int start) {
    int place = start;
    while (place > 0 && worse(place, (place - 1) / 2)) {
      swap(place, (place - 1) / 2);
      place = (place - 1) / 2;
    }
  }

  private void sink(int end) {
    int place = 0;
    int child = 1;
    while (child < end) {
      if (child + 1 < end && worse(child + 1, child)) {
        child++;
      }
      if (!worse(child, place)) {
        return;
      }
      swap(child, place);
      place = child;
      child = 2 * place + 1;
    }
  }

  private void swap(int left, int right) {
    int document = documents[left];
    documents[left] = documents[right];
    documents[right] = document;
    float score = scores[left];
    scores[left] = scores[right];
    scores[right] = score;
  }
}
