/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.torch.BatchInputs.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** The sequence of seeds that dropout is drawn from. Thread-safe. */
final class DropoutSeeds {

  private final boolean byText;
  private SplittableRandom random;

  /**
   * @param byText whether a whole batch has one seed, from which those of its texts follow; else
   *     every part of it has one
   */
  DropoutSeeds(long seed, boolean byText) {
    this.byText = byText;
    random = new SplittableRandom(seed);
  }

  synchronized void restart(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Gives the parts of a batch their seeds. */
  synchronized List<Part> seed(List<PackedBatch> batches) {
    List<Part> parts = new ArrayList<>();
    long common = byText ? next() : 0;
    int first = 0;
    for (PackedBatch batch : batches) {
      parts.add(new Part(batch, byText ? common : next(), first));
      first += batch.vectors();
    }
    return parts;
  }

  /** The next; a layer's index can be added to it. */
  private long next() {
    return random.nextLong(1L << 62);
  }

  /** An odd number for every token of a text. */
  static IntStream rows(long seed, int text, int tokens) {
    return new SplittableRandom(seed + text).ints(tokens).map(number -> number | 1);
  }
}
