/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.trainer.random.TorchGenerator;

/**
 * A seed of its own for every batch, so that its masks follow from its place alone and a run can go
 * on at any batch.
 */
final class BatchSeeds {

  private BatchSeeds() {}

  /** A generator for a batch. */
  static TorchGenerator generator(long seed, long epoch, long batch) {
    return new TorchGenerator(mix(mix(mix(seed) + epoch) + batch));
  }

  /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
