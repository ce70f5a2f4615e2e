/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Map;

/** Spellings of keys that Hugging Face renamed. */
final class KeyNames {

  /** Spellings of other transformers releases, with the one that is used here. */
  private static final Map<String, String> RENAMED =
      Map.of(
          "evaluation_strategy", "eval_strategy",
          "per_gpu_train_batch_size", "per_device_train_batch_size",
          "per_gpu_eval_batch_size", "per_device_eval_batch_size",
          "no_cuda", "use_cpu",
          "dtype", "torch_dtype",
          "activation_checkpointing", "gradient_checkpointing",
          "activation_checkpointing_kwargs", "gradient_checkpointing_kwargs");

  private KeyNames() {}

  /** The present spelling of a key. */
  static String present(String key) {
    return RENAMED.getOrDefault(key, key);
  }

  /** Whether a key is an old spelling. */
  static boolean isOldSpelling(String key) {
    return RENAMED.containsKey(key);
  }
}
