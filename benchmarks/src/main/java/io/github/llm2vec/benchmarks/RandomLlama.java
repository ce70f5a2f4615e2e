/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.checkpoint.CheckpointWriter;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.RandomWeights;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A Llama with tied embeddings and random weights: speed does not depend on what a model has
 * learnt.
 *
 * @param hidden hidden size
 * @param intermediate width of the MLP
 * @param heads attention heads
 * @param keyHeads heads of keys and values
 * @param layers number of layers
 */
record RandomLlama(int hidden, int intermediate, int heads, int keyHeads, int layers) {

  static final int VOCABULARY = 32_000;

  private static final String CONFIG = "config.json";

  /** Of Sheared-LLaMA-1.3B's width. */
  static RandomLlama wide(int layers) {
    return new RandomLlama(2048, 5504, 32, 8, layers);
  }

  /**
   * With heads of 64.
   *
   * @param hidden a multiple of 128
   */
  static RandomLlama small(int hidden, int layers) {
    return new RandomLlama(hidden, hidden * 11 / 4, hidden / 64, hidden / 128, layers);
  }

  /** The layers of a model in a folder. */
  static DecoderLayout layout(Path folder) throws IOException {
    return DecoderLayout.of(DecoderConfig.read(folder.resolve(CONFIG)).spec());
  }

  /** Writes a config.json into a folder, and gives its path. */
  Path writeConfig(Path folder) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config = mapper.createObjectNode();
    config.put("model_type", "llama").put("hidden_act", "silu");
    config.put("hidden_size", hidden).put("intermediate_size", intermediate);
    config.put("num_attention_heads", heads).put("num_key_value_heads", keyHeads);
    config.put("num_hidden_layers", layers).put("vocab_size", VOCABULARY);
    config.put("rms_norm_eps", 1e-5).put("rope_theta", 10_000.0);
    config.put("max_position_embeddings", 4096).put("tie_word_embeddings", true);
    config.put("bos_token_id", 1).put("eos_token_id", 2).put("pad_token_id", 0);
    Path file = Files.createDirectories(folder).resolve(CONFIG);
    mapper.writeValue(file.toFile(), config);
    return file;
  }

  /** Writes a checkpoint without a tokenizer. */
  void write(Path folder, DType dtype) throws IOException {
    Path config = writeConfig(folder);
    try (RandomWeights weights = RandomWeights.of(config, 1)) {
      CheckpointWriter.write(folder, config, weights, dtype);
    }
  }
}
