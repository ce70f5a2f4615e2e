/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * How many examples are taken at once.
 *
 * @param trainBatchSize {@code per_device_train_batch_size}
 * @param evalBatchSize {@code per_device_eval_batch_size}
 * @param accumulation {@code gradient_accumulation_steps}: batches per update
 * @param dropLast {@code dataloader_drop_last}: whether a last batch that is not full is left out
 */
public record BatchArguments(
    int trainBatchSize, int evalBatchSize, int accumulation, boolean dropLast) {

  static BatchArguments read(ConfigValues values) {
    return new BatchArguments(
        values.whole("per_device_train_batch_size", 8, 1),
        values.whole("per_device_eval_batch_size", 8, 1),
        values.whole("gradient_accumulation_steps", 1, 1),
        values.flag("dataloader_drop_last", false));
  }
}
