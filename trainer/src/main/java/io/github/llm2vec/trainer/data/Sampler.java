/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.trainer.random.PythonRandom;
import io.github.llm2vec.trainer.random.TorchGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The order in which the items of a dataset are read, like a {@code torch.utils.data.Sampler}.
 * Immutable.
 */
public sealed interface Sampler
    permits Sampler.Listed, Sampler.First, Sampler.Feistel, Sampler.Chunked {

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

  /**
   * A random order that is computed, not stored: a Feistel network over the next even power of two,
   * walked until it stays below the size (Black and Rogaway, "Ciphers with Arbitrary Finite
   * Domains", 2002). Four rounds with a strong mixing function are far more than an order of data
   * needs.
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

  /**
   * A random order of several datasets in which every batch holds examples of one dataset only, as
   * in {@link E5}, but without holding a batch in memory and in another order every epoch. The last
   * batch of a dataset is dropped if it is incomplete.
   */
  final class Chunked implements Sampler {

    private final int batchSize;
    private final List<Sampler> datasets = new ArrayList<>();
    private final long[] firstExample;
    private final long[] firstBatch;
    private final Sampler batches;

    /**
     * @param sizes examples of each dataset; ids count through all of them
     * @param batchSize examples of a batch
     * @param seed seed of the run plus the number of the epoch
     */
    Chunked(List<Long> sizes, int batchSize, long seed) {
      this.batchSize = batchSize;
      this.firstExample = new long[sizes.size() + 1];
      this.firstBatch = new long[sizes.size() + 1];
      for (int i = 0; i < sizes.size(); i++) {
        long size = sizes.get(i);
        datasets.add(Sampler.shuffled(size, seed + 1_000_003L * i));
        firstExample[i + 1] = firstExample[i] + size;
        firstBatch[i + 1] = firstBatch[i] + size / batchSize;
      }
      this.batches = Sampler.shuffled(firstBatch[sizes.size()], seed);
    }

    @Override
    public long size() {
      return batches.size() * batchSize;
    }

    @Override
    public long at(long place) {
      long batch = batches.at(place / batchSize);
      int dataset = 0;
      while (firstBatch[dataset + 1] <= batch) {
        dataset++;
      }
      long inDataset = (batch - firstBatch[dataset]) * batchSize + place % batchSize;
      return firstExample[dataset] + datasets.get(dataset).at(inDataset);
    }
  }

  /**
   * The order in which upstream's {@code E5Data} has its examples, number for number: every dataset
   * is shuffled and cut into batches, an incomplete last batch of each is dropped, and the batches
   * are shuffled. It is the same in every epoch.
   */
  final class E5 {

    private E5() {}

    /**
     * @param sizes examples of each dataset; ids count through all of them
     * @param batchSize examples of a batch, all of one dataset
     * @param seed seed of the run
     */
    static Sampler of(List<Integer> sizes, int batchSize, long seed) {
      PythonRandom random = new PythonRandom(seed);
      List<int[]> datasets = new ArrayList<>();
      int id = 0;
      for (int size : sizes) {
        int[] ids = new int[size];
        for (int i = 0; i < size; i++) {
          ids[i] = id++;
        }
        random.shuffle(ids);
        datasets.add(ids);
      }
      List<int[]> batches = new ArrayList<>();
      for (int[] ids : datasets) {
        for (int start = 0; start + batchSize <= ids.length; start += batchSize) {
          batches.add(Arrays.copyOfRange(ids, start, start + batchSize));
        }
      }
      int[] shuffled = new int[batches.size()];
      for (int i = 0; i < shuffled.length; i++) {
        shuffled[i] = i;
      }
      random.shuffle(shuffled);
      int[] order = new int[shuffled.length * batchSize];
      for (int i = 0; i < shuffled.length; i++) {
        System.arraycopy(batches.get(shuffled[i]), 0, order, i * batchSize, batchSize);
      }
      return new Sampler.Listed(order);
    }
  }
}
