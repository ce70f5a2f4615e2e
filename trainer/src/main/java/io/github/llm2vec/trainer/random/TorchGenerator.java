/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.random;

/**
 * PyTorch's CPU generator as far as the order of data and the masks of MNTP need it. Every method
 * returns what the named function of PyTorch 2 returns and leaves the generator where PyTorch
 * leaves it. Dropout and the initialisation of weights are not here: they draw inside the engine.
 *
 * <p>Not thread-safe.
 */
public final class TorchGenerator {

  /** Longest permutation whose algorithm is known here; PyTorch changes it above 2^32 / 20. */
  public static final int MAX_PERMUTATION = 214_748_364;

  private static final float FLOAT_STEP = 0x1p-24f;
  private static final int FLOAT_BITS = (1 << 24) - 1;

  private final Mt19937 twister;

  /** As {@code torch.Generator().manual_seed(seed)}, which uses the lower 32 bits. */
  public TorchGenerator(long seed) {
    this.twister = Mt19937.ofNumber((int) seed);
  }

  /** The next 32 bits. */
  public int next32() {
    return twister.next32();
  }

  /** One number of {@code torch.rand} in float32: in [0, 1), a multiple of 2^-24. */
  public float uniform() {
    return (next32() & FLOAT_BITS) * FLOAT_STEP;
  }

  /** One number of {@code torch.bernoulli} of a float32 tensor of probabilities. */
  public boolean bernoulli(float probability) {
    return uniform() < probability;
  }

  /**
   * One number of {@code torch.randint(bound, ..., dtype=torch.long)}, for bounds far below 2^28.
   */
  public int below(int bound) {
    return Integer.remainderUnsigned(next32(), bound);
  }

  /**
   * {@code torch.randperm(size)}.
   *
   * @throws IllegalArgumentException if the size is negative or above {@link #MAX_PERMUTATION}
   */
  public int[] permutation(int size) {
    if (size < 0 || size > MAX_PERMUTATION) {
      throw new IllegalArgumentException(
          "a permutation has 0 to " + MAX_PERMUTATION + " items, got " + size);
    }
    int[] items = new int[size];
    for (int i = 0; i < size; i++) {
      items[i] = i;
    }
    for (int i = 0; i < size - 1; i++) {
      int j = i + below(size - i);
      int moved = items[i];
      items[i] = items[j];
      items[j] = moved;
    }
    return items;
  }
}
