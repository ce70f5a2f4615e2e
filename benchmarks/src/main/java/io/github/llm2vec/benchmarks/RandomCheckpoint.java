/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.SafetensorsWriter.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;

/**
 * A Llama of Sheared-LLaMA-1.3B's width with random weights and as many layers as asked for: speed
 * does not depend on what a model has learnt.
 *
 * @param layers number of layers
 */
record RandomCheckpoint(int layers) {

  static final int HIDDEN = 2048;
  static final int INTERMEDIATE = 5504;
  static final int HEADS = 32;
  static final int KV_HEADS = 8;
  static final int VOCABULARY = 32_000;

  private static final int HEAD_DIM = HIDDEN / HEADS;

  /** Floating-point operations of the linear layers for one token. */
  double linearOperationsPerToken() {
    double attention = (double) HIDDEN * HEAD_DIM * (2 * HEADS + 2 * KV_HEADS);
    return 2.0 * layers * (attention + 3.0 * HIDDEN * INTERMEDIATE);
  }

  /**
   * Writes the folder.
   *
   * @param tokenizer a {@code tokenizer.json}, gzipped or not, of at most {@value #VOCABULARY} ids
   */
  void write(Path folder, Path tokenizer) throws IOException {
    Files.createDirectories(folder);
    try (InputStream raw = Files.newInputStream(tokenizer);
        InputStream json = tokenizer.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      Files.write(folder.resolve("tokenizer.json"), json.readAllBytes());
    }
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode tokens = mapper.createObjectNode();
    tokens.put("tokenizer_class", "PreTrainedTokenizerFast");
    tokens.put("bos_token", "<s>").put("eos_token", "</s>").put("unk_token", "<unk>");
    tokens.putArray("model_input_names").add("input_ids").add("attention_mask");
    mapper.writeValue(folder.resolve("tokenizer_config.json").toFile(), tokens);
    mapper.writeValue(folder.resolve("config.json").toFile(), config(mapper));
    new SafetensorsWriter(DType.BFLOAT16).write(folder.resolve("model.safetensors"), tensors());
  }

  private ObjectNode config(ObjectMapper mapper) {
    ObjectNode config = mapper.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config.put("model_type", "llama").put("hidden_act", "silu");
    config.put("hidden_size", HIDDEN).put("intermediate_size", INTERMEDIATE);
    config.put("num_attention_heads", HEADS).put("num_key_value_heads", KV_HEADS);
    config.put("num_hidden_layers", layers).put("vocab_size", VOCABULARY);
    config.put("rms_norm_eps", 1e-5).put("rope_theta", 10_000.0);
    config.put("max_position_embeddings", 4096).put("tie_word_embeddings", true);
    config.put("bos_token_id", 1).put("eos_token_id", 2).put("torch_dtype", "bfloat16");
    return config;
  }

  private List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(matrix("model.embed_tokens.weight", VOCABULARY, HIDDEN));
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer + ".";
      tensors.add(ones(prefix + "input_layernorm.weight"));
      tensors.add(ones(prefix + "post_attention_layernorm.weight"));
      tensors.add(matrix(prefix + "self_attn.q_proj.weight", HIDDEN, HIDDEN));
      tensors.add(matrix(prefix + "self_attn.k_proj.weight", KV_HEADS * HEAD_DIM, HIDDEN));
      tensors.add(matrix(prefix + "self_attn.v_proj.weight", KV_HEADS * HEAD_DIM, HIDDEN));
      tensors.add(matrix(prefix + "self_attn.o_proj.weight", HIDDEN, HIDDEN));
      tensors.add(matrix(prefix + "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN));
      tensors.add(matrix(prefix + "mlp.up_proj.weight", INTERMEDIATE, HIDDEN));
      tensors.add(matrix(prefix + "mlp.down_proj.weight", HIDDEN, INTERMEDIATE));
    }
    tensors.add(ones("model.norm.weight"));
    return tensors;
  }

  private static Tensor ones(String name) {
    return new Tensor(name, List.of((long) HIDDEN), (first, target) -> fill(target));
  }

  private static void fill(FloatBuffer target) {
    while (target.hasRemaining()) {
      target.put(1f);
    }
  }

  private static Tensor matrix(String name, int rows, int columns) {
    return matrix(name, rows, columns, 0);
  }

  /** A matrix of small random numbers, which depend on its name and a seed. */
  static Tensor matrix(String name, int rows, int columns, int seed) {
    return new Tensor(
        name,
        List.of((long) rows, (long) columns),
        (first, target) -> {
          SplittableRandom random = new SplittableRandom(31L * seed + name.hashCode() + first);
          while (target.hasRemaining()) {
            // Uniform with the standard deviation 0.02 of a fresh Llama.
            target.put((float) ((random.nextDouble() - 0.5) * 0.0693));
          }
        });
  }
}
