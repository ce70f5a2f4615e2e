/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.util.ArrayList;
import java.util.List;

/**
 * A random order of several datasets in which every batch holds examples of one dataset only, as in
 * {@link E5Sampler}, but without holding a batch in memory and in another order every epoch. The
 * last batch of a dataset is dropped if it is incomplete.
 */
final class ChunkedSampler implements Sampler {

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
  ChunkedSampler(List<Long> sizes, int batchSize, long seed) {
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
