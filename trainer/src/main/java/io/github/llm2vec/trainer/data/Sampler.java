/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.trainer.random.TorchGenerator;

/** In which order the items of a set come. Immutable. */
public sealed interface Sampler permits Sampler.Listed, Sampler.First, Feistel, ChunkedSampler {

  /**
   * Most items whose order is PyTorch's own and is held in memory, 4 bytes each. More items come in
   * another random order, which needs no memory.
   */
  int MAX_LISTED = 50_000_000;

  /** Number of items. */
  long size();

  /**
   * The item at a place.
   *
   * @param place from 0 to {@code size() - 1}
   */
  long at(long place);

  /**
   * A random order: up to {@link #MAX_LISTED} items that of {@code torch.randperm} with this seed.
   */
  static Sampler shuffled(long size, long seed) {
    return size <= MAX_LISTED
        ? new Listed(new TorchGenerator(seed).permutation((int) size))
        : new Feistel(size, seed);
  }

  /**
   * The order of an epoch as Hugging Face's Trainer draws it: the seed is that of the run plus the
   * number of the epoch.
   */
  static Sampler ofEpoch(long size, long seed, long epoch) {
    return shuffled(size, seed + epoch);
  }

  /** The items as they are. */
  static Sampler sequential(long size) {
    return new Listed(new int[0], size);
  }

  /**
   * The start of an order.
   *
   * @param whole the whole of it
   * @param size how many items of it
   */
  record First(Sampler whole, long size) implements Sampler {

    /** Never more than there are. */
    public First {
      size = Math.min(size, whole.size());
    }

    @Override
    public long at(long place) {
      return whole.at(place);
    }
  }

  /** An order that is written down. */
  final class Listed implements Sampler {

    private final int[] items;
    private final long size;

    Listed(int[] items) {
      this(items, items.length);
    }

    /** No items for the order in which they are. */
    private Listed(int[] items, long size) {
      this.items = items;
      this.size = size;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public long at(long place) {
      return items.length == 0 ? place : items[Math.toIntExact(place)];
    }
  }
}
