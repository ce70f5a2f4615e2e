/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * Arithmetic and memory of a training pass. Without a flag everything is computed in the model's
 * own dtype ({@code torch_dtype}).
 *
 * @param bf16 {@code bf16}: bfloat16 in matrix products, float32 elsewhere
 * @param fp16 {@code fp16}: the same with float16 and scaled losses
 * @param gradientCheckpointing {@code gradient_checkpointing}: whether layers are computed again in
 *     the backward pass rather than remembered
 * @param layerDrop the probability with which an update leaves a layer out; its key is written in
 *     lower case as in config.json of OPT, and is not an argument of transformers' trainer
 */
public record PrecisionArguments(
    boolean bf16, boolean fp16, boolean gradientCheckpointing, double layerDrop) {

  static PrecisionArguments read(ConfigValues values) {
    boolean bf16 = values.flag("bf16", false);
    boolean fp16 = values.flag("fp16", false);
    if (bf16 && fp16) {
      throw values.invalid("fp16", "contradicts bf16; keep one of them");
    }
    values
        .known("gradient_checkpointing_kwargs")
        .ifPresent(
            given -> {
              boolean onlyReentrant = given.size() == 1 && given.has("use_reentrant");
              if (!given.isObject() || !(given.isEmpty() || onlyReentrant)) {
                throw values.invalid(
                    "gradient_checkpointing_kwargs",
                    "only use_reentrant is known, which makes no difference here, found " + given);
              }
            });
    return new PrecisionArguments(
        bf16,
        fp16,
        values.flag("gradient_checkpointing", false),
        values.decimal("layerdrop", 0, Range.BELOW_ONE));
  }
}
