/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.random;

/**
 * Python's {@code random} module as far as upstream uses it: {@code random.seed(int)} and {@code
 * random.shuffle}. The same seed gives the same order as CPython 3. Not thread-safe.
 */
public final class PythonRandom {

  private final Mt19937 twister;

  /** As {@code random.seed(seed)}: the 32-bit words of the seed's absolute value, lowest first. */
  public PythonRandom(long seed) {
    long magnitude = Math.abs(seed);
    int low = (int) magnitude;
    int high = (int) (magnitude >>> 32);
    this.twister = Mt19937.ofWords(high == 0 ? new int[] {low} : new int[] {low, high});
  }

  /** The next 32 bits, {@code random.getrandbits(32)}. */
  public int next32() {
    return twister.next32();
  }

  /**
   * A number from 0 to {@code bound - 1}: as many top bits as the bound has, drawn again while they
   * are too large.
   *
   * @throws IllegalArgumentException if the bound is below 1
   */
  public int below(int bound) {
    if (bound < 1) {
      throw new IllegalArgumentException("bound must be >= 1, got " + bound);
    }
    int bits = 32 - Integer.numberOfLeadingZeros(bound);
    int value = next32() >>> (32 - bits);
    while (value >= bound) {
      value = next32() >>> (32 - bits);
    }
    return value;
  }

  /** Reorders an array in place, {@code random.shuffle}. */
  public void shuffle(int[] items) {
    for (int i = items.length - 1; i > 0; i--) {
      int j = below(i + 1);
      int moved = items[i];
      items[i] = items[j];
      items[j] = moved;
    }
  }
}
