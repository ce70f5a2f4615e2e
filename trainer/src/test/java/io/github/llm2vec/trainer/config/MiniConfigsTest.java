/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stages of the mini and the small model, which start from one another's results. */
class MiniConfigsTest {

  private static final Path FOLDER = Path.of("../train_configs/mini");
  private static final JsonMapper JSON = new JsonMapper();

  @ParameterizedTest
  @ValueSource(strings = {"mini", "small"})
  void everyStageIsReadWithoutComplaintAndStartsFromTheOneBefore(String model) throws IOException {
    Path folder = FOLDER.resolveSibling(model);
    ConfigFiles.PRETRAIN.read(folder.resolve("pretrain.json"), List.of());
    ConfigFiles.MNTP.read(folder.resolve("mntp.json"), List.of());
    ConfigFiles.SIMCSE.read(folder.resolve("simcse.json"), List.of());
    ConfigFiles.SUPERVISED.read(folder.resolve("supervised.json"), List.of());
    String before = json(folder.resolve("pretrain.json")).path("output_dir").asText();
    for (String stage : List.of("mntp.json", "simcse.json", "supervised.json")) {
      JsonNode config = json(folder.resolve(stage));
      assertEquals(before, config.path("model_name_or_path").asText(), stage);
      before = config.path("output_dir").asText();
    }
  }

  /** 16 MB with two bytes per weight, and room for the tokenizer; an encoder has no head. */
  @Test
  void theModelIsSmallEnough() throws IOException {
    JsonNode model = json(FOLDER.resolve("model/config.json"));
    long hidden = model.path("hidden_size").asLong();
    long head = model.path("head_dim").asLong();
    long queries = hidden * head * model.path("num_attention_heads").asLong();
    long keys = hidden * head * model.path("num_key_value_heads").asLong();
    long layer =
        2 * queries + 2 * keys + 3 * hidden * model.path("intermediate_size").asLong() + 2 * hidden;
    long all =
        model.path("vocab_size").asLong() * hidden
            + model.path("num_hidden_layers").asLong() * layer
            + hidden;
    assertTrue(all <= 7_600_000, all + " weights");
  }

  private static JsonNode json(Path file) throws IOException {
    return JSON.readTree(file.toFile());
  }
}
