/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.TorchDevice;

/**
 * What a run is like that begins or goes on.
 *
 * @param step updates made already
 * @param last the update at which it ends
 * @param cost what a token costs
 */
public record TrainingStart(long step, long last, Cost cost) {

  /**
   * What the matrix products of training cost, by which the speed of a run compares with that of
   * the machine.
   *
   * @param operationsPerToken multiplications and additions, attention scores left out
   * @param dtype the format they are computed in
   * @param device where
   */
  public record Cost(double operationsPerToken, DType dtype, TorchDevice device) {}
}
