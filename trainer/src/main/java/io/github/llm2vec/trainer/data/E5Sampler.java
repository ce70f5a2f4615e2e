/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.trainer.random.PythonRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The order in which upstream's {@code E5Data} has its examples, number for number: every dataset
 * is shuffled and cut into batches, an incomplete last batch of each is dropped, and the batches
 * are shuffled. It is the same in every epoch.
 */
final class E5Sampler {

  private E5Sampler() {}

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
