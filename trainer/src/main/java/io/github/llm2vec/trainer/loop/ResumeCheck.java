/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks that the configuration of a checkpoint may be resumed with the present one. Keys by which
 * batches, masks or tensors are numbered must be the same; others may change, which is told.
 */
final class ResumeCheck {

  private static final Set<String> FIXED =
      Set.of(
          "per_device_train_batch_size",
          "gradient_accumulation_steps",
          "dataloader_drop_last",
          "seed",
          "data_seed",
          "max_seq_length",
          "line_by_line",
          "streaming",
          "shuffle_buffer_size",
          "mlm_probability",
          "data_collator_type",
          "mask_token_type",
          "train_lm_head",
          "full_finetuning",
          "lora_r",
          "simcse_window",
          "simcse_template",
          "pooling_mode");

  /** Keys that say nothing about the weights that come out. */
  private static final Set<String> IMMATERIAL =
      Set.of(
          "output_dir",
          "overwrite_output_dir",
          "resume_from_checkpoint",
          "logging_dir",
          "logging_steps",
          "logging_strategy",
          "logging_first_step",
          "report_to",
          "run_name",
          "disable_tqdm",
          "save_steps",
          "save_strategy",
          "save_total_limit",
          "data_cache_dir",
          "overwrite_cache",
          "stop_after_n_steps");

  private ResumeCheck() {}

  /**
   * Compares.
   *
   * @param checkpoint the folder of the checkpoint
   * @param now the configuration that is run
   * @return a sentence for every other key that differs
   * @throws IOException if a key differs that must not
   */
  static List<String> check(Path checkpoint, ObjectNode now) throws IOException {
    Path file = checkpoint.resolve(OutputDir.CONFIG);
    if (!Files.exists(file)) {
      throw new TrainingException(
          ("%s has no %s, so it is no checkpoint of this program; one of Python cannot"
                  + " be resumed, but its adapter can be named in peft_model_name_or_path")
              .formatted(checkpoint, OutputDir.CONFIG));
    }
    JsonNode before = new ObjectMapper().readTree(file.toFile());
    Set<String> keys = new TreeSet<>();
    before.fieldNames().forEachRemaining(keys::add);
    now.fieldNames().forEachRemaining(keys::add);
    List<String> notes = new ArrayList<>();
    for (String key : keys) {
      JsonNode was = value(before, key);
      JsonNode is = value(now, key);
      if (was.equals(is) || IMMATERIAL.contains(key)) {
        continue;
      }
      String change = key + " was " + before.get(key) + " and is " + now.get(key);
      if (FIXED.contains(key)) {
        throw new TrainingException(
            "cannot resume from %s: %s; keep it, or start anew with overwrite_output_dir"
                .formatted(checkpoint, change));
      }
      notes.add("resumed with another configuration: " + change);
    }
    return notes;
  }

  private static JsonNode value(JsonNode config, String key) {
    JsonNode value = config.get(key);
    if (value == null) {
      return JsonNodeFactory.instance.nullNode();
    }
    // 3 and 3.0 mean the same; files and command lines write either.
    return value.isNumber() ? JsonNodeFactory.instance.numberNode(value.doubleValue()) : value;
  }
}
