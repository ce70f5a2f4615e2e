/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.convert;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes a llama2.c checkpoint and its tokenizer as a Hugging Face folder. What the checkpoint does
 * not say is as llama2.c has it: RMSNorm epsilon 1e-5, rotary base 10,000.
 */
public final class Llama2cConverter {

  private static final double RMS_NORM_EPS = 1e-5;
  private static final double ROPE_THETA = 10_000.0;

  private final JsonMapper mapper = new JsonMapper();
  private final DType dtype;

  /**
   * A converter.
   *
   * @param dtype format in which the weights are stored; the checkpoint has float32
   */
  public Llama2cConverter(DType dtype) {
    this.dtype = dtype;
  }

  /**
   * Converts one model. The weights are written last, so a folder that has them is complete.
   *
   * @param checkpoint a legacy {@code .bin} of llama2.c
   * @param tokenizer the tokenizer file that belongs to it, such as {@code tok512.bin}
   * @param output the folder to write, which must not hold a model
   * @throws IOException if a file is not what it should be, or cannot be read or written
   */
  public void convert(Path checkpoint, Path tokenizer, Path output) throws IOException {
    Path weights = output.resolve("model.safetensors");
    if (Files.exists(weights)) {
      throw new FileAlreadyExistsException(weights.toString());
    }
    try (Llama2cCheckpoint source = Llama2cCheckpoint.open(checkpoint)) {
      Llama2cHeader header = source.header();
      TokenizerFiles files = new TokenizerFiles(Llama2cVocabulary.read(tokenizer, header.vocab()));
      Files.createDirectories(output);
      write(output.resolve("config.json"), configuration(header));
      write(output.resolve("tokenizer.json"), files.tokenizer());
      write(output.resolve("tokenizer_config.json"), files.configuration(header.positions()));
      write(output.resolve("special_tokens_map.json"), files.specialTokensMap());
      new SafetensorsWriter(dtype).write(weights, source.tensors());
    }
  }

  private ObjectNode configuration(Llama2cHeader header) {
    ObjectNode root = mapper.createObjectNode();
    root.putArray("architectures").add("LlamaForCausalLM");
    return root.put("model_type", "llama")
        .put("vocab_size", header.vocab())
        .put("hidden_size", header.hidden())
        .put("intermediate_size", header.intermediate())
        .put("num_hidden_layers", header.layers())
        .put("num_attention_heads", header.heads())
        .put("num_key_value_heads", header.kvHeads())
        .put("head_dim", header.headDim())
        .put("hidden_act", "silu")
        .put("max_position_embeddings", header.positions())
        .put("rms_norm_eps", RMS_NORM_EPS)
        .put("rope_theta", ROPE_THETA)
        .putNull("rope_scaling")
        .put("attention_bias", false)
        .put("mlp_bias", false)
        .put("tie_word_embeddings", header.sharedClassifier())
        .put("bos_token_id", 1)
        .put("eos_token_id", 2)
        .putNull("pad_token_id")
        .put("torch_dtype", dtype.configName());
  }

  private void write(Path file, ObjectNode json) throws IOException {
    Files.writeString(file, indented(json) + "\n", StandardCharsets.UTF_8);
  }

  private String indented(ObjectNode json) throws JsonProcessingException {
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
    return mapper.writer(printer).writeValueAsString(json);
  }
}
