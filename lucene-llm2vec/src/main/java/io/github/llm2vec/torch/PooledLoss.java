/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.llm2vec.torch.BatchInputs.Part;
import io.github.llm2vec.torch.BatchInputs.Pass;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Computes a loss over the pooled vectors of texts and its gradient, at once or in parts, by one
 * copy of the model or several.
 *
 * @param replicas the copies
 * @param options which say whether parts that are one for each copy keep what they have computed
 *     for the backward pass; otherwise it is computed again
 * @param queries how many of the texts, the first ones, are queries
 * @param weight of the loss in the gradient
 * @param targets what the loss reads beside the vectors, from place 12 on
 */
record PooledLoss(
    Replicas replicas,
    TrainOptions options,
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

  double add(List<List<Part>> shares) {
    Part one = shares.get(0).get(0);
    return shares.size() == 1 && shares.get(0).size() == 1
        ? replicas
            .first()
            .differentiate(
                kind.whole, one.batch(), one.pass(weight), scope -> inputs(one.batch(), scope))
        : inParts(shares, one);
  }

  /** Cached gradients (Gao et al., 2021, section 3.2). */
  private double inParts(List<List<Part>> shares, Part any) {
    boolean kept =
        shares.stream()
            .allMatch(share -> share.size() == 1 && options.keepsAll(share.get(0).batch()));
    try {
      each(shares, kept ? this::attach : this::remember);
      replicas.gather(shares.size(), "embedded", "recall");
      double loss =
          replicas
              .first()
              .differentiate(
                  kind.remembered,
                  any.batch(),
                  new Pass(0, 0, weight),
                  scope -> inputs(any.batch(), scope));
      replicas.scatter(shares.size(), "embedded", "recall_alone");
      each(shares, (module, part) -> pullBack(module, part, kept));
      return loss;
    } finally {
      replicas.forget();
    }
  }

  private void each(List<List<Part>> shares, BiConsumer<TrainingModule, Part> work) {
    replicas.each(
        shares,
        (module, share) -> {
          share.forEach(part -> work.accept(module, part));
          return true;
        });
  }

  private void remember(TrainingModule module, Part part) {
    module.call(
        "remember",
        part.batch(),
        part.pass(weight),
        scope -> BatchInputs.pooling(part.batch(), 0, scope),
        (scope, value) -> true);
  }

  private void attach(TrainingModule module, Part part) {
    module.differentiate(
        "attach",
        part.batch(),
        part.pass(weight),
        scope -> BatchInputs.pooling(part.batch(), 0, scope));
  }

  private static void pullBack(TrainingModule module, Part part, boolean kept) {
    module.differentiate(
        kept ? "attached_gradient" : "pulled_gradient",
        part.batch(),
        // The gradient of the embeddings has the weight in it.
        part.pass(1),
        scope -> BatchInputs.pooling(part.batch(), part.first(), scope));
  }

  private List<PtNDArray> inputs(PackedBatch batch, NativeScope scope) {
    List<PtNDArray> inputs = new ArrayList<>(BatchInputs.pooling(batch, queries, scope));
    inputs.addAll(targets.in(scope));
    return inputs;
  }
}
