/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.random;

/**
 * The Mersenne Twister MT19937 with the seedings of its reference implementation (Matsumoto and
 * Nishimura 1998, mt19937ar 2002). Python and PyTorch both draw from it, each seeding it in another
 * way. Not thread-safe.
 */
final class Mt19937 {

  private static final int SIZE = 624;
  private static final int SHIFT = 397;
  private static final int UPPER_BIT = 0x80000000;
  private static final int LOWER_BITS = 0x7fffffff;
  private static final int TWIST = 0x9908b0df;

  private final int[] state = new int[SIZE];
  private int position = SIZE;

  private Mt19937() {}

  /** Seeded by one number, {@code init_genrand}. */
  static Mt19937 ofNumber(int seed) {
    Mt19937 twister = new Mt19937();
    twister.seed(seed);
    return twister;
  }

  /** Seeded by words, {@code init_by_array}. */
  static Mt19937 ofWords(int[] key) {
    Mt19937 twister = new Mt19937();
    twister.seed(19650218);
    twister.mixIn(key);
    return twister;
  }

  private void seed(int seed) {
    state[0] = seed;
    for (int i = 1; i < SIZE; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
  }

  private void mixIn(int[] key) {
    int i = 1;
    int j = 0;
    for (int k = Math.max(SIZE, key.length); k > 0; k--) {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1664525)) + key[j] + j;
      i = next(i);
      j = j + 1 == key.length ? 0 : j + 1;
    }
    for (int k = SIZE - 1; k > 0; k--) {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1566083941)) - i;
      i = next(i);
    }
    state[0] = UPPER_BIT;
  }

  private int next(int i) {
    if (i + 1 < SIZE) {
      return i + 1;
    }
    state[0] = state[SIZE - 1];
    return 1;
  }

  /** The next 32 bits. */
  int next32() {
    if (position == SIZE) {
      twist();
      position = 0;
    }
    int y = state[position++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  private void twist() {
    for (int k = 0; k < SIZE; k++) {
      int y = (state[k] & UPPER_BIT) | (state[(k + 1) % SIZE] & LOWER_BITS);
      state[k] = state[(k + SHIFT) % SIZE] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : TWIST);
    }
  }
}
