/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a LoRA adapter in the layout of PEFT, in single precision as PEFT keeps it: {@code
 * adapter_model.safetensors} first, then {@code adapter_config.json}, so that a folder with a
 * config is complete.
 */
public final class LoraAdapterWriter {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * What {@code adapter_config.json} says, under PEFT's names.
   *
   * @param baseModel {@code base_model_name_or_path}
   * @param rank {@code r}
   * @param alpha {@code lora_alpha}
   * @param dropout {@code lora_dropout}
   * @param targetModules {@code target_modules}
   */
  public record Config(
      String baseModel, int rank, double alpha, double dropout, List<String> targetModules) {

    /** Copies the targets. */
    public Config {
      targetModules = List.copyOf(targetModules);
    }
  }

  private LoraAdapterWriter() {}

  /**
   * Writes an adapter of an encoder (not of a model with a head) into a folder that exists.
   *
   * @param tensors named such as {@code layers.0.self_attn.q_proj.lora_A.weight}
   * @throws IOException if writing fails
   */
  public static void write(Path folder, Config config, List<SafetensorsWriter.Tensor> tensors)
      throws IOException {
    List<SafetensorsWriter.Tensor> named = new ArrayList<>();
    for (SafetensorsWriter.Tensor tensor : tensors) {
      named.add(
          new SafetensorsWriter.Tensor(
              "base_model.model." + tensor.name(), tensor.shape(), tensor.values()));
    }
    new SafetensorsWriter(DType.FLOAT32).write(folder.resolve(LoraAdapter.WEIGHTS), named);
    Files.writeString(folder.resolve(LoraConfig.FILE_NAME), json(config));
  }

  private static String json(Config config) throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("base_model_name_or_path", config.baseModel());
    root.put("bias", "none");
    root.put("fan_in_fan_out", false);
    root.put("inference_mode", true);
    root.put("init_lora_weights", true);
    if (config.alpha() == Math.rint(config.alpha())) {
      root.put("lora_alpha", (long) config.alpha()); // PEFT declares an integer
    } else {
      root.put("lora_alpha", config.alpha());
    }
    root.put("lora_dropout", config.dropout());
    root.putNull("modules_to_save");
    root.put("peft_type", "LORA");
    root.put("r", config.rank());
    config.targetModules().forEach(root.putArray("target_modules")::add);
    root.putNull("task_type");
    root.put("use_dora", false);
    root.put("use_rslora", false);
    return MAPPER.writeValueAsString(root) + "\n";
  }
}
