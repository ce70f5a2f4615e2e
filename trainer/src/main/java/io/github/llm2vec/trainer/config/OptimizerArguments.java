/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Set;

/**
 * AdamW with decoupled weight decay, and the limit of gradients.
 *
 * @param learningRate {@code learning_rate}
 * @param embeddingLearningRate {@code embedding_learning_rate}: that of the token embeddings, the
 *     last norm and the head, where all weights are trained; {@code learning_rate} if it isn't
 *     given. Follows the same schedule. Not in transformers; unsloth has the key
 * @param weightDecay {@code weight_decay}; biases and norm weights are not decayed
 * @param beta1 {@code adam_beta1}
 * @param beta2 {@code adam_beta2}
 * @param epsilon {@code adam_epsilon}
 * @param maxGradNorm {@code max_grad_norm}: largest norm of all gradients together; 0 for any
 */
public record OptimizerArguments(
    double learningRate,
    double embeddingLearningRate,
    double weightDecay,
    double beta1,
    double beta2,
    double epsilon,
    double maxGradNorm) {

  private static final Set<String> ADAM_W = Set.of("adamw_torch", "adamw_torch_fused", "adamw_hf");

  static OptimizerArguments read(ConfigValues values) {
    String name = values.text("optim", "adamw_torch");
    if (!ADAM_W.contains(name)) {
      throw values.invalid("optim", "expected adamw_torch, found \"" + name + "\"");
    }
    double learningRate = values.decimal("learning_rate", 5e-5, Range.NOT_NEGATIVE);
    return new OptimizerArguments(
        learningRate,
        values.decimal("embedding_learning_rate", learningRate, Range.NOT_NEGATIVE),
        values.decimal("weight_decay", 0.0, Range.NOT_NEGATIVE),
        values.decimal("adam_beta1", 0.9, Range.BELOW_ONE),
        values.decimal("adam_beta2", 0.999, Range.BELOW_ONE),
        values.decimal("adam_epsilon", 1e-8, Range.NOT_NEGATIVE),
        values.decimal("max_grad_norm", 1.0, Range.NOT_NEGATIVE));
  }
}
