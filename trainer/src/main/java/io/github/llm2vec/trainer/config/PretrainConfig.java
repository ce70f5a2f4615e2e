/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * A run that makes a causal language model from nothing; not upstream's. Keys and defaults are
 * those of {@link MntpConfig} where they mean the same.
 *
 * @param architecture {@code config_name}: the folder or file with the config.json of the model
 * @param tokenizer {@code tokenizer_name}: the folder of its tokenizer
 * @param dtype {@code torch_dtype}: what the finished model is saved in
 * @param data the texts
 * @param training everything else
 */
public record PretrainConfig(
    Path architecture,
    Path tokenizer,
    ModelArguments.Dtype dtype,
    TextDataArguments data,
    TrainingArguments training)
    implements TrainConfig {

  static PretrainConfig read(ConfigValues values) {
    return new PretrainConfig(
        Path.of(values.requiredText("config_name", "name a folder with the model's config.json")),
        Path.of(values.requiredText("tokenizer_name", "name a folder with a tokenizer.json")),
        values.choice("torch_dtype", ModelArguments.Dtype.FLOAT32),
        TextDataArguments.read(values),
        TrainingArguments.read(values, OptionalInt.empty()));
  }
}
