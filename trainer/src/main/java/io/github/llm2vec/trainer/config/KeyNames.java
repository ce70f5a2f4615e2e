/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/** Spellings of keys: those that Hugging Face renamed, and the key that a misspelt one may mean. */
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

  /** The known key that is fewest typing errors away, if it is near enough to be meant. */
  static Optional<String> nearest(String key, Collection<String> known) {
    int tolerance = Math.max(2, key.length() / 3);
    return known.stream()
        .min(Comparator.comparingInt((String name) -> distance(key, name)).thenComparing(n -> n))
        .filter(name -> distance(key, name) <= tolerance);
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
