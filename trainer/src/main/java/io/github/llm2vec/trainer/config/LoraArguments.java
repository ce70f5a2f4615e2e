/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * The LoRA adapter that is trained, or full fine-tuning in its place.
 *
 * @param rank {@code lora_r}
 * @param alpha {@code lora_alpha}; upstream has no such key and always takes twice the rank
 * @param dropout {@code lora_dropout}
 * @param fullFinetuning {@code full_finetuning}: whether all weights are trained and there is no
 *     adapter; for small models, not in upstream
 */
public record LoraArguments(int rank, double alpha, double dropout, boolean fullFinetuning) {

  static LoraArguments read(ConfigValues values) {
    int rank = values.whole("lora_r", 8, 1);
    boolean full = values.flag("full_finetuning", false);
    if (full && (values.has("lora_r") || values.has("lora_alpha"))) {
      throw values.invalid(
          "full_finetuning", "contradicts lora_r and lora_alpha; there is no adapter to train");
    }
    TrainingArguments.Optimizer optimizer = TrainingArguments.Optimizer.read(values);
    if (!full && optimizer.embeddingLearningRate() != optimizer.learningRate()) {
      throw values.invalid(
          "embedding_learning_rate",
          "an adapter has no embeddings; remove it, or train all weights with full_finetuning");
    }
    return new LoraArguments(
        rank,
        values.decimal("lora_alpha", 2.0 * rank, ConfigValues.Range.POSITIVE),
        values.decimal("lora_dropout", 0.05, ConfigValues.Range.BELOW_ONE),
        full);
  }
}
