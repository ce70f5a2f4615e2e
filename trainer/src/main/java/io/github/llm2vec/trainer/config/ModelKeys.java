/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Set;

/** Keys of upstream about the loading of models that do nothing here, or cannot be followed. */
final class ModelKeys {

  private static final Set<String> ATTENTION = Set.of("eager", "sdpa", "flash_attention_2");

  private ModelKeys() {}

  /**
   * Takes these keys out of a configuration.
   *
   * @throws ConfigException if one asks for what cannot be done
   */
  static void refuse(ConfigValues values) {
    String attention = values.text("attn_implementation", "sdpa");
    if (!ATTENTION.contains(attention)) {
      throw values.invalid(
          "attn_implementation",
          "expected sdpa, flash_attention_2 or eager, found \"" + attention + "\"");
    }
    if (!attention.equals("sdpa")) {
      values.note(
          "attn_implementation "
              + attention
              + ": attention is always computed by the engine's fused kernel");
    }
    values.known("low_cpu_mem_usage");
    refuse(values, "use_fast_tokenizer", "true", "only fast tokenizers (tokenizer.json) are read");
    refuse(values, "trust_remote_code", "false", "no code of a checkpoint is ever run");
    for (String key : new String[] {"token", "use_auth_token"}) {
      refuse(values, key, "", "a secret does not belong in a configuration; set HF_TOKEN instead");
    }
    for (String key : new String[] {"model_type", "config_name", "config_overrides"}) {
      refuse(values, key, "", "a model is made from nothing by the command pretrain only");
    }
  }

  private static void refuse(ConfigValues values, String key, String harmless, String reason) {
    values
        .known(key)
        .filter(value -> !value.asText().equalsIgnoreCase(harmless))
        .ifPresent(
            value -> {
              throw values.invalid(key, "this value is not supported: " + reason);
            });
  }
}
