/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.util.SplittableRandom;

/**
 * Dropout of hidden states. What falls out depends on the seed and the number of the batch alone,
 * so that a resumed run drops what it would have dropped; PyTorch draws other places.
 *
 * @param probability of a number to become 0; the others grow to keep the mean
 * @param seed of the run
 */
record Dropout(double probability, long seed) {

  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  /**
   * Drops numbers in place.
   *
   * @param batch number of the batch in the whole run
   */
  void apply(float[] states, long batch) {
    if (probability == 0) {
      return;
    }
    SplittableRandom random = new SplittableRandom(seed * SPREAD + batch);
    float kept = (float) (1 / (1 - probability));
    for (int i = 0; i < states.length; i++) {
      states[i] = random.nextDouble() < probability ? 0 : states[i] * kept;
    }
  }
}
