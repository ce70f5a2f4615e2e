/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;

/**
 * Computes a loss over the pooled vectors of texts and its gradient, at once or in parts.
 *
 * @param queries how many of the texts, the first ones, are queries
 * @param weight of the loss in the gradient
 * @param targets what the loss reads beside the vectors, from place 12 on
 */
record PooledLoss(
    TrainingModule module,
    Kind kind,
    int queries,
    double weight,
    TrainingModule.Input<List<PtNDArray>> targets) {

  /** Which loss it is. */
  enum Kind {
    CONTRASTIVE("contrastive_gradient", "remembered_gradient"),
    DISTILLATION("distilled_gradient", "remembered_distilled_gradient");

    private final String whole; // methods of TrainingScript and DistillationScript
    private final String remembered;

    Kind(String whole, String remembered) {
      this.whole = whole;
      this.remembered = remembered;
    }
  }

  double whole(PackedBatch batch, long seed) {
    return module.differentiate(kind.whole, batch, pass(seed), scope -> inputs(batch, scope));
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
                module.differentiate(kind.remembered, last, pass(0), scope -> inputs(last, scope));
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
    return new BatchInputs.Pass(seed, weight);
  }

  private List<PtNDArray> inputs(PackedBatch batch, NativeScope scope) {
    List<PtNDArray> inputs = new ArrayList<>(BatchInputs.pooling(batch, queries, scope));
    inputs.addAll(targets.in(scope));
    return inputs;
  }
}
