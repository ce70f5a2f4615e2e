/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;

/** Computes a contrastive loss and its gradient, at once or in parts. */
final class ContrastiveLoss {

  private final TrainingModule module;
  private final ContrastiveParameters contrast;

  ContrastiveLoss(TrainingModule module, ContrastiveParameters contrast) {
    this.module = module;
    this.contrast = contrast;
  }

  double whole(PackedBatch batch, long seed) {
    return module.differentiate(
        "contrastive_gradient", batch, pass(seed), scope -> inputs(batch, scope));
  }

  /** Cached gradients (Gao et al., 2021, section 3.2). */
  double inParts(List<PackedBatch> parts, long[] seeds) {
    return module.together(
        () -> {
          try {
            for (int i = 0; i < parts.size(); i++) {
              PackedBatch part = parts.get(i);
              module.call(
                  "remember",
                  part,
                  pass(seeds[i]),
                  scope -> BatchInputs.pooling(part, 0, scope),
                  (scope, value) -> true);
            }
            PackedBatch last = parts.get(parts.size() - 1);
            double loss =
                module.differentiate(
                    "remembered_gradient", last, pass(0), scope -> inputs(last, scope));
            pullBack(parts, seeds);
            return loss;
          } finally {
            module.call("forget", scope -> new IValue[0]);
          }
        });
  }

  private void pullBack(List<PackedBatch> parts, long[] seeds) {
    int first = 0;
    for (int i = 0; i < parts.size(); i++) {
      PackedBatch part = parts.get(i);
      int row = first;
      module.differentiate(
          "pulled_gradient",
          part,
          // The gradient of the embeddings has the weight in it.
          new BatchInputs.Pass(seeds[i], 1),
          scope -> BatchInputs.pooling(part, row, scope));
      first += part.vectors();
    }
  }

  private BatchInputs.Pass pass(long seed) {
    return new BatchInputs.Pass(seed, contrast.weight());
  }

  private List<PtNDArray> inputs(PackedBatch batch, NativeScope scope) {
    List<PtNDArray> inputs = new ArrayList<>(BatchInputs.pooling(batch, contrast.queries(), scope));
    inputs.addAll(BatchInputs.targets(contrast.queries(), contrast.scale(), scope));
    return inputs;
  }

  /**
   * What a contrastive loss is computed with.
   *
   * @param queries how many of the texts, the first ones, are queries
   * @param scale what cosines are multiplied by
   * @param weight of the loss in the gradient
   */
  record ContrastiveParameters(int queries, double scale, double weight) {

    /** Rejects a number of texts that cannot be queries and their positives. */
    void check(int texts) {
      if (queries < 1 || texts < 2 * queries) {
        throw new IllegalArgumentException(
            queries + " queries need as many positives, got " + texts + " texts together");
      }
    }
  }
}
