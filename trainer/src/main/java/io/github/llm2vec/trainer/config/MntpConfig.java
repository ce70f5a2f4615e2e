/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * A run of masked next token prediction, upstream's {@code run_mntp.py}.
 *
 * @param model the model
 * @param data the texts
 * @param masking which tokens are masked, and how
 * @param lora the adapter
 * @param training everything else
 */
public record MntpConfig(
    ModelArguments model,
    TextDataArguments data,
    MaskingArguments masking,
    LoraArguments lora,
    TrainingArguments training)
    implements TrainConfig {

  static MntpConfig read(ConfigValues values) {
    return new MntpConfig(
        ModelArguments.readForMntp(values),
        TextDataArguments.read(values),
        MaskingArguments.read(values),
        LoraArguments.read(values),
        TrainingArguments.read(values));
  }
}
