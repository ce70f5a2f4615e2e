/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;

/** The configuration of a training run. */
public sealed interface TrainConfig
    permits MntpConfig,
        SimcseConfig,
        SupervisedConfig,
        WordTaskConfig,
        PretrainConfig,
        DistillConfig {

  /** What all kinds of training have in common. */
  TrainingArguments training();

  /** The folder that the run writes to. */
  default Path outputDir() {
    return training().run().outputDir();
  }
}
