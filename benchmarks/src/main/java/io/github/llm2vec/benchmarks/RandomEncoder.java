/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.safetensors.DType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import picocli.CommandLine.Option;

/** Options of a benchmark that encodes texts by a model with random weights. */
final class RandomEncoder {

  @Option(names = "--texts", description = "JSONL with a field text.", required = true)
  private Path texts;

  @Option(names = "--limit", description = "Texts used.")
  private int limit;

  @Option(names = "--layers", description = "Layers of the random model.")
  private int layers;

  @Option(names = "--tokenizer", required = true, description = "tokenizer.json, may be gzipped.")
  private Path tokenizer;

  /**
   * @param limit texts used by default
   * @param layers layers by default
   */
  RandomEncoder(int limit, int layers) {
    this.limit = limit;
    this.layers = layers;
  }

  Path texts() {
    return texts;
  }

  int limit() {
    return limit;
  }

  RandomLlama model() {
    return RandomLlama.wide(layers);
  }

  /** The field {@code text} of the first lines. */
  List<String> lines() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<String> result = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(texts)) {
      for (String line = lines.readLine();
          line != null && result.size() < limit;
          line = lines.readLine()) {
        result.add(mapper.readTree(line).get("text").asText());
      }
    }
    return result;
  }

  /** Writes the model, in bfloat16, and its tokenizer. */
  void write(Path folder) throws IOException {
    model().write(folder, DType.BFLOAT16);
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
  }
}
