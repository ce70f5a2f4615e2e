/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.SplittableRandom;

/** A sequence of seeds, one per pass over a batch. Thread-safe. */
final class DropoutSeeds {

  private SplittableRandom random;

  DropoutSeeds(long seed) {
    random = new SplittableRandom(seed);
  }

  synchronized void restart(long seed) {
    random = new SplittableRandom(seed);
  }

  /** The next; a layer's index can be added to it. */
  synchronized long next() {
    return random.nextLong(1L << 62);
  }
}
