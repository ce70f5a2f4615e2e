/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Folders of a tiny Llama and of adapters for it; the numbers in them do not matter. */
final class TinyModel {

  static final String CONFIG =
      "{\"model_type\":\"llama\",\"vocab_size\":16,\"hidden_size\":16,\"intermediate_size\":24,"
          + "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"num_key_value_heads\":2%s}";

  private TinyModel() {}

  /** A complete model folder; {@code extra} are further entries of config.json. */
  static Path write(Path folder, String extra) throws IOException {
    return write(folder, extra, "model.");
  }

  /** As above, with what stands before the tensors' names. */
  static Path write(Path folder, String extra, String prefix) throws IOException {
    config(folder, extra);
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
    for (Map.Entry<String, List<Long>> entry :
        DecoderLayout.of(DecoderConfig.read(folder.resolve("config.json")).spec())
            .tensors()
            .entrySet()) {
      tensors.add(tensor(prefix + entry.getKey(), entry.getValue(), 0.5f));
    }
    tensors.add(tensor("lm_head.weight", List.of(16L, 16L), 0.25f));
    new SafetensorsWriter(DType.BFLOAT16).write(folder.resolve("model.safetensors"), tensors);
    return folder;
  }

  /** config.json alone. */
  static Path config(Path folder, String extra) throws IOException {
    Files.createDirectories(folder);
    return Files.writeString(
        folder.resolve("config.json"), String.format(CONFIG, extra.isEmpty() ? "" : "," + extra));
  }

  /** An adapter that changes one module; without config.json and tokenizer. */
  static Path adapter(Path folder, String base) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("adapter_config.json"),
        "{\"peft_type\":\"LORA\",\"base_model_name_or_path\":\""
            + base.replace("\\", "\\\\")
            + "\",\"r\":2,\"lora_alpha\":4,\"target_modules\":[\"q_proj\"]}");
    String module = "base_model.model.layers.0.self_attn.q_proj.";
    new SafetensorsWriter(DType.FLOAT32)
        .write(
            folder.resolve("adapter_model.safetensors"),
            List.of(
                tensor(module + "lora_A.weight", List.of(2L, 16L), 1),
                tensor(module + "lora_B.weight", List.of(16L, 2L), 1)));
    return folder;
  }

  static SafetensorsWriter.Tensor tensor(String name, List<Long> shape, float value) {
    float[] values =
        new float[(int) shape.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b)];
    java.util.Arrays.fill(values, value);
    return SafetensorsWriter.Tensor.of(name, shape, FloatBuffer.wrap(values));
  }
}
