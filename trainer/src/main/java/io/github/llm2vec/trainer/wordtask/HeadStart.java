/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.trainer.random.TorchGenerator;

/**
 * The weights that a head starts with: those of {@code torch.nn.Linear(H, L)} after {@code
 * torch.manual_seed(seed)}, uniform between plus and minus one over the root of H.
 */
final class HeadStart {

  private HeadStart() {}

  static HeadGradient of(int hidden, int labels, long seed) {
    TorchGenerator random = new TorchGenerator(seed);
    float bound = (float) (1 / Math.sqrt(hidden));
    float[] weight = new float[hidden * labels];
    // PyTorch draws the weight as (L, H).
    for (int label = 0; label < labels; label++) {
      for (int h = 0; h < hidden; h++) {
        weight[h * labels + label] = draw(random, bound);
      }
    }
    float[] bias = new float[labels];
    for (int label = 0; label < labels; label++) {
      bias[label] = draw(random, bound);
    }
    return new HeadGradient(weight, bias);
  }

  private static float draw(TorchGenerator random, float bound) {
    return random.uniform() * (bound + bound) - bound;
  }
}
