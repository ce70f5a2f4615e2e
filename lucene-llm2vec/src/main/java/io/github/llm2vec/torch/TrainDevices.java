/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.List;
import java.util.OptionalInt;

/**
 * Where a model is trained: a copy of it on every device, among which each batch is divided.
 *
 * @param list the devices; evaluation, gradients and the optimiser have their place on the first
 * @param threads within one operation of each that is the CPU; 0 for as many as libtorch has by
 *     itself
 * @param dropoutByText whether a text's dropout follows from its number, so that it is the same
 *     whichever device computes it; otherwise it comes from libtorch's one generator, which several
 *     devices cannot share
 */
public record TrainDevices(List<TorchDevice> list, int threads, boolean dropoutByText) {

  /** Checks that the devices can train together. */
  public TrainDevices {
    TorchDevice.requireDistinct(list);
    if (list.size() > 1 && !dropoutByText) {
      throw new IllegalArgumentException("several devices need dropout by text; this is a bug");
    }
    list = List.copyOf(list);
  }

  /** One device alone, which draws dropout as PyTorch does. */
  public static TrainDevices one(TorchDevice device) {
    return new TrainDevices(List.of(device), 0, false);
  }

  /**
   * Devices whose number makes no difference but rounding.
   *
   * @param threads of each that is the CPU; if unsaid, they share what one alone would have
   */
  public static TrainDevices of(List<TorchDevice> list, OptionalInt threads) {
    return new TrainDevices(list, TorchRuntime.threads(list, threads), true);
  }

  /** The first of them. */
  public TorchDevice first() {
    return list.get(0);
  }
}
