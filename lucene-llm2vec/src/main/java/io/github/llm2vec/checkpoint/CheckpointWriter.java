/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderWeights;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a plain checkpoint of a language model, as {@code save_pretrained} of transformers lays it
 * out: {@code model.safetensors} first, then {@code config.json}, so that a folder with a config is
 * complete.
 */
public final class CheckpointWriter {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final Map<String, String> CLASSES =
      Map.of(
          "llama", "LlamaForCausalLM",
          "mistral", "MistralForCausalLM",
          "qwen2", "Qwen2ForCausalLM",
          "qwen3", "Qwen3ForCausalLM",
          "gemma", "GemmaForCausalLM",
          "gemma3_text", "Gemma3ForCausalLM");

  private CheckpointWriter() {}

  /**
   * Writes weights and configuration into a folder, which is made if need be.
   *
   * @param config the config.json to go by; {@code torch_dtype} becomes that of the weights, and
   *     {@code architectures} is filled in if it is missing
   * @param tensors named as in {@link io.github.llm2vec.decoder.DecoderLayout}, and {@code
   *     lm_head.weight} if the head is not the embedding
   * @param dtype to store them in
   * @throws IOException if writing fails
   */
  public static void write(
      Path folder, Path config, List<SafetensorsWriter.Tensor> tensors, DType dtype)
      throws IOException {
    ObjectNode root = readConfig(config);
    String modelType = root.path("model_type").asText("");
    if (!root.has("architectures") && CLASSES.containsKey(modelType)) {
      root.putArray("architectures").add(CLASSES.get(modelType));
    }
    storedIn(root, dtype);
    List<SafetensorsWriter.Tensor> named = new ArrayList<>();
    for (SafetensorsWriter.Tensor tensor : tensors) {
      boolean head = tensor.name().equals(DecoderWeights.HEAD);
      named.add(
          new SafetensorsWriter.Tensor(
              head ? tensor.name() : "model." + tensor.name(), tensor.shape(), tensor.values()));
    }
    Files.createDirectories(folder);
    new SafetensorsWriter(dtype).write(folder.resolve(Safetensors.SINGLE), named);
    writeConfig(folder.resolve(DecoderConfig.FILE_NAME), root);
  }

  /**
   * Writes all tensors of a source, as {@link #write(Path, Path, List, DType)} does; for example
   * {@link io.github.llm2vec.decoder.RandomWeights}.
   */
  public static void write(Path folder, Path config, TensorSource source, DType dtype)
      throws IOException {
    List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
    for (String name : source.names()) {
      tensors.add(SafetensorsWriter.Tensor.of(source, name));
    }
    write(folder, config, tensors, dtype);
  }

  /** Rejects a folder that holds a model, which is never overwritten. */
  public static void requireNoModel(Path folder) throws IOException {
    for (String name : List.of(DecoderConfig.FILE_NAME, Safetensors.SINGLE, Safetensors.INDEX)) {
      if (Files.exists(folder.resolve(name))) {
        throw new FileAlreadyExistsException(folder.resolve(name).toString());
      }
    }
  }

  static ObjectNode readConfig(Path file) throws IOException {
    JsonObject.read(file); // explains what is wrong with a file that is no JSON object
    return (ObjectNode) MAPPER.readTree(Files.readAllBytes(file));
  }

  /** Names the dtype under the key that the file has already; older readers know the first only. */
  static void storedIn(ObjectNode config, DType dtype) {
    config.put(config.has("dtype") ? "dtype" : "torch_dtype", dtype.configName());
  }

  static void writeConfig(Path file, ObjectNode config) throws IOException {
    AtomicFile.write(file, MAPPER.writeValueAsString(config) + "\n");
  }
}
