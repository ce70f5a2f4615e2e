/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.optim;

import java.util.Locale;

/** {@code lr_scheduler_type}: the shape of the learning rate schedule. */
public enum ScheduleType {
  /** Up during the warm-up, then straight down to 0 at the last update. */
  LINEAR,
  /** Up during the warm-up, then half a cosine down to 0 (or {@code num_cycles} of them). */
  COSINE,
  /** The same always; a warm-up is ignored, as transformers does. */
  CONSTANT,
  /** Up during the warm-up, then the same always. */
  CONSTANT_WITH_WARMUP;

  /** The spelling in configuration files. */
  public String optionName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
