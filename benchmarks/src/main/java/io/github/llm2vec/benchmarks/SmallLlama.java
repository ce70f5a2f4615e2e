/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A Llama with tied embeddings and heads of 64, whose numbers do not matter.
 *
 * @param hidden hidden size, a multiple of 128
 * @param layers number of layers
 */
record SmallLlama(int hidden, int layers) {

  static final int VOCABULARY = 32_000;

  private static final int HEAD_DIM = 64;

  private int heads() {
    return hidden / HEAD_DIM;
  }

  private int keyHeads() {
    return heads() / 2;
  }

  private int intermediate() {
    return hidden * 11 / 4;
  }

  /** Floating-point operations of the linear layers for one token of a forward pass. */
  double linearOperationsPerToken() {
    double attention = (double) hidden * HEAD_DIM * (2 * heads() + 2 * keyHeads());
    return 2.0 * layers * (attention + 3.0 * hidden * intermediate());
  }

  /** Writes a config.json under any name. */
  Path writeConfig(Path file) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config = mapper.createObjectNode();
    config.put("model_type", "llama").put("hidden_act", "silu");
    config.put("hidden_size", hidden).put("intermediate_size", intermediate());
    config.put("num_attention_heads", heads()).put("num_key_value_heads", keyHeads());
    config.put("num_hidden_layers", layers).put("vocab_size", VOCABULARY);
    config.put("rms_norm_eps", 1e-5).put("rope_theta", 10_000.0);
    config.put("max_position_embeddings", 4096).put("tie_word_embeddings", true);
    config.put("bos_token_id", 1).put("eos_token_id", 2).put("pad_token_id", 0);
    mapper.writeValue(file.toFile(), config);
    return file;
  }
}
