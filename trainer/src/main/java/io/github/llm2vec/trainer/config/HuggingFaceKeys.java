/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.trainer.config.ConfigValues.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The keys of Hugging Face's {@code TrainingArguments} (4.44 to 5) that do nothing here. Those
 * whose effect would be missed are refused by name unless they have the value that means nothing;
 * the others are accepted, with a note, so that a file that runs in Python runs here.
 */
final class HuggingFaceKeys {

  private static final String ONE_PROCESS =
      "training runs in one process, on the devices that the key device names; remove this key";
  private static final String HUB =
      "nothing is sent to the hub; upload the folder that training writes, then remove the key";
  private static final String COMPILED =
      "the model is TorchScript already and cannot be compiled in another way; remove the key";
  private static final String FULL_PRECISION = "evaluation uses the precision of training";
  private static final String NO_WORKERS = "data is read ahead by threads of this process";
  private static final String TOKENS_PER_SECOND = "tokens and their rate are always reported";

  private static final List<Key> KEYS = keys();

  private HuggingFaceKeys() {}

  /**
   * @param name the key
   * @param refused whether another value than the harmless ones is an error
   * @param harmless values that ask for nothing, as text; "" also stands for empty lists and
   *     objects
   * @param reason why it does nothing, and what to do if that is an error
   */
  private record Key(String name, boolean refused, Set<String> harmless, String reason) {}

  /**
   * Takes these keys out of a configuration.
   *
   * @throws ConfigException if one asks for what cannot be done
   */
  static void apply(ConfigValues values) {
    for (Key key : KEYS) {
      values.known(key.name()).ifPresent(value -> check(values, key, value));
    }
  }

  /** Names of these keys. */
  static List<String> names() {
    return KEYS.stream().map(Key::name).toList();
  }

  private static void check(ConfigValues values, Key key, JsonNode value) {
    String text = value.isContainerNode() && !value.isEmpty() ? value.toString() : value.asText();
    if (key.harmless().stream().anyMatch(text::equalsIgnoreCase)) {
      return;
    }
    if (key.refused()) {
      throw values.invalid(key.name(), "the value " + value + " is not supported: " + key.reason());
    }
    values.note(values.place(key.name()) + " has no effect: " + key.reason());
  }

  private static List<Key> keys() {
    List<Key> keys = new ArrayList<>();
    refuseWaysToTrain(keys);
    refuseSeveralProcesses(keys);
    refuse(keys, HUB, "false", "push_to_hub");
    ignore(
        keys,
        HUB,
        "",
        "hub_model_id",
        "hub_token",
        "hub_revision",
        "push_to_hub_model_id",
        "push_to_hub_organization",
        "push_to_hub_token");
    ignore(keys, HUB, "every_save", "hub_strategy");
    ignore(keys, HUB, "false", "hub_private_repo", "hub_always_push");
    ignoreLogging(keys);
    ignoreEvaluation(keys);
    ignoreLoading(keys);
    return List.copyOf(keys);
  }

  private static void refuseWaysToTrain(List<Key> keys) {
    refuse(keys, "the optimizer is AdamW; remove the key", "false", "adafactor");
    refuse(keys, "the optimizer is AdamW, which takes no more arguments", "", "optim_args");
    refuse(keys, "it belongs to optimizers that are not here", "", "optim_target_modules");
    refuse(
        keys,
        "only plain cross entropy is here; remove the key",
        "0|0.0",
        "label_smoothing_factor");
    refuse(keys, "noise in embeddings is not here; remove the key", "", "neftune_noise_alpha");
    refuse(keys, "length grouping is not here; remove the key", "false", "group_by_length");
    refuse(
        keys, "examples come in random order; remove the key", "random", "train_sampling_strategy");
    refuse(keys, "set the batch size yourself", "false", "auto_find_batch_size");
    refuse(
        keys,
        "it cannot be promised on a GPU; a seed repeats a run on a CPU",
        "false",
        "full_determinism");
    refuse(keys, "resuming always goes on where the data stopped", "false", "ignore_data_skip");
    refuse(keys, "checkpoints are always safetensors; remove the key", "true", "save_safetensors");
    refuse(keys, "there is no prediction apart from evaluation", "false", "do_predict");
    refuse(keys, FULL_PRECISION, "false", "bf16_full_eval", "fp16_full_eval");
    refuse(keys, "the engine decides about TF32; remove the key", "", "tf32");
    refuse(
        keys,
        "mixed precision is the engine's own",
        "auto|cpu_amp|cuda_amp",
        "half_precision_backend",
        "fp16_backend");
    refuse(keys, COMPILED, "false", "torch_compile", "jit_mode_eval", "use_ipex");
    refuse(
        keys, COMPILED, "", "torchdynamo", "torch_compile_backend", "torch_compile_mode", "debug");
    refuse(keys, COMPILED, "false", "use_liger_kernel");
    refuse(keys, COMPILED, "", "liger_kernel_config");
    refuse(keys, "it belongs to models with memory between batches", "-1", "past_index");
    refuse(keys, "the engine of DJL has no MPS training", "false", "use_mps_device");
    refuse(
        keys, "checkpoints are written at steps and at the end", "false", "enable_jit_checkpoint");
  }

  private static void refuseSeveralProcesses(List<Key> keys) {
    refuse(keys, ONE_PROCESS, "", "fsdp", "fsdp_config", "fsdp_transformer_layer_cls_to_wrap");
    refuse(keys, ONE_PROCESS, "", "deepspeed", "accelerator_config", "parallelism_config");
    refuse(keys, ONE_PROCESS, "", "tpu_num_cores", "mp_parameters");
    refuse(keys, ONE_PROCESS, "0", "fsdp_min_num_params");
    refuse(keys, ONE_PROCESS, "false", "split_batches", "dispatch_batches", "tpu_metrics_debug");
    ignore(keys, ONE_PROCESS, "", "ddp_backend", "ddp_bucket_cap_mb", "ddp_find_unused_parameters");
    ignore(keys, ONE_PROCESS, "", "ddp_broadcast_buffers", "ddp_static_graph");
    ignore(keys, ONE_PROCESS, "last", "ray_scope");
    ignore(keys, ONE_PROCESS, "1800", "ddp_timeout");
    ignore(keys, ONE_PROCESS, "-1|0", "local_rank");
    ignore(keys, ONE_PROCESS, "true|false", "average_tokens_across_devices", "save_on_each_node");
    ignore(keys, ONE_PROCESS, "true|false", "log_on_each_node");
  }

  private static void ignoreLogging(List<Key> keys) {
    String level = "how much is logged is set by the logging configuration";
    ignore(keys, level, "passive|warning", "log_level", "log_level_replica");
    ignore(keys, "a loss that is no number ends the run", "true|false", "logging_nan_inf_filter");
    ignore(keys, TOKENS_PER_SECOND, "false|no", "include_tokens_per_second");
    ignore(keys, TOKENS_PER_SECOND, "false|no", "include_num_input_tokens_seen");
    ignore(keys, "memory is always reported", "true|false", "skip_memory_metrics");
    ignore(
        keys,
        "Trackio is not here",
        "huggingface|trackio|",
        "project",
        "trackio_space_id",
        "trackio_bucket_id",
        "trackio_static_space_id");
    ignore(keys, "precision follows from fp16, bf16 and torch_dtype", "O1", "fp16_opt_level");
  }

  private static void ignoreEvaluation(List<Key> keys) {
    String own = "evaluation keeps sums, not predictions";
    ignore(keys, own, "", "eval_accumulation_steps", "include_for_metrics", "label_names");
    ignore(keys, own, "true|false", "eval_do_concat_batches", "batch_eval_metrics");
    ignore(keys, own, "false", "eval_use_gather_object", "include_inputs_for_metrics");
    ignore(keys, own, "false", "prediction_loss_only", "use_legacy_prediction_loop");
    ignore(keys, "there are no callbacks", "false", "restore_callback_states_from_checkpoint");
    ignore(keys, "nothing is cached while training", "true|false", "use_cache");
  }

  private static void ignoreLoading(List<Key> keys) {
    // The contrastive configurations of upstream must say false; here there are no columns.
    ignore(keys, "there are no columns", "true|false", "remove_unused_columns");
    ignore(keys, NO_WORKERS, "0", "dataloader_num_workers");
    ignore(
        keys, NO_WORKERS, "", "dataloader_prefetch_factor", "dataloader_multiprocessing_context");
    ignore(
        keys, NO_WORKERS, "true|false", "dataloader_pin_memory", "dataloader_persistent_workers");
    ignore(keys, NO_WORKERS, "true", "dataloader_in_order");
    ignore(keys, "length grouping is not here", "length", "length_column_name");
    ignore(keys, "the engine frees memory itself", "", "torch_empty_cache_steps");
  }

  private static void refuse(List<Key> keys, String reason, String harmless, String... names) {
    add(keys, true, reason, harmless, names);
  }

  private static void ignore(List<Key> keys, String reason, String harmless, String... names) {
    add(keys, false, reason, harmless, names);
  }

  private static void add(
      List<Key> keys, boolean refused, String reason, String harmless, String... names) {
    for (String name : names) {
      keys.add(new Key(name, refused, Set.of(harmless.split("\\|", -1)), reason));
    }
  }

  /** Keys of upstream about the loading of models that do nothing here, or cannot be followed. */
  static final class OfModels {

    private static final Set<String> ATTENTION = Set.of("eager", "sdpa", "flash_attention_2");

    private OfModels() {}

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
            "attn_implementation %s: attention is always computed by the engine's fused kernel"
                .formatted(attention));
      }
      values.known("low_cpu_mem_usage");
      refuse(
          values, "use_fast_tokenizer", "true", "only fast tokenizers (tokenizer.json) are read");
      refuse(values, "trust_remote_code", "false", "no code of a checkpoint is ever run");
      for (String key : new String[] {"token", "use_auth_token"}) {
        refuse(
            values, key, "", "a secret does not belong in a configuration; set HF_TOKEN instead");
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
}
