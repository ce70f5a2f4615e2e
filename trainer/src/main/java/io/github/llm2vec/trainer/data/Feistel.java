/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

/**
 * A random order that is computed, not stored: a Feistel network over the next even power of two,
 * walked until it stays below the size (Black and Rogaway, "Ciphers with Arbitrary Finite Domains",
 * 2002). Four rounds with a strong mixing function are far more than an order of data needs.
 */
final class Feistel implements Sampler {

  private static final int ROUNDS = 4;

  private final long size;
  private final int halfBits;
  private final long[] keys = new long[ROUNDS];

  Feistel(long size, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("an order has at least one item, got " + size);
    }
    this.size = size;
    int bits = Math.max(2, Long.SIZE - Long.numberOfLeadingZeros(size - 1));
    this.halfBits = (bits + 1) / 2;
    for (int round = 0; round < ROUNDS; round++) {
      keys[round] = mix(seed + (round + 1) * 0x9E3779B97F4A7C15L);
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long at(long place) {
    if (place < 0 || place >= size) {
      throw new IndexOutOfBoundsException("place " + place + " of " + size);
    }
    long item = permute(place);
    while (item >= size) {
      item = permute(item);
    }
    return item;
  }

  private long permute(long value) {
    long mask = (1L << halfBits) - 1;
    long left = value >>> halfBits;
    long right = value & mask;
    for (long key : keys) {
      long next = left ^ (mix(right + key) & mask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }

  /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
