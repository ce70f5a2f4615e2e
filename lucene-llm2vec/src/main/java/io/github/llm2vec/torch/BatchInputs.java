/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.llm2vec.model.DecoderSpec;
import java.util.ArrayList;
import java.util.List;

/** A batch as the tensors that a differentiated forward pass reads. */
final class BatchInputs {

  private BatchInputs() {}

  /**
   * Rejects a batch that the model cannot take. On a GPU an id out of range would end the whole
   * process' use of the device.
   */
  static void check(PackedBatch batch, DecoderSpec spec, int maxTokens) {
    if (batch.texts() == 0) {
      throw new IllegalArgumentException("an empty batch has no loss; skip it");
    }
    if (batch.smallestId() < 0 || batch.largestId() >= spec.vocabSize()) {
      throw new IllegalArgumentException(
          "token ids from "
              + batch.smallestId()
              + " to "
              + batch.largestId()
              + " do not fit the model's vocabulary of "
              + spec.vocabSize());
    }
    if (batch.longest() > maxTokens) {
      throw new IllegalArgumentException(
          "a text of " + batch.longest() + " tokens is longer than " + maxTokens);
    }
  }

  /** Ids, positions, groups, gather, scatter and mask; see {@link DecoderScript}. */
  static List<PtNDArray> of(PackedBatch batch, NativeScope scope, TorchDevice device) {
    boolean padded = batch.hasUnseen() || device.type() == TorchDevice.Type.CUDA;
    List<PtNDArray> inputs = new ArrayList<>();
    inputs.add(scope.longs(batch.ids()));
    inputs.add(scope.longs(batch.positions()));
    inputs.add(scope.longs(padded ? new long[0] : batch.groups()));
    inputs.add(scope.longs(padded ? batch.gather() : new long[0]));
    inputs.add(scope.longs(padded ? batch.scatter() : new long[0]));
    inputs.add(
        padded
            ? scope.bools(batch.mask(), batch.texts(), batch.longest())
            : scope.bools(new boolean[0], 0, 0));
    return inputs;
  }
}
