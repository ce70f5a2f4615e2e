/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodingSettingsTest {

  private static final Path MODEL = Path.of("src/test/resources/checkpoints/gemma3-text");

  @TempDir Path folder;

  private Optional<String> lost(String similarity, String modules, boolean normalize)
      throws IOException {
    for (String name :
        new String[] {
          "config.json", "model.safetensors", "tokenizer.json", "1_Pooling/config.json"
        }) {
      Path copy = folder.resolve(name);
      Files.createDirectories(copy.getParent());
      Files.write(copy, Files.readAllBytes(MODEL.resolve(name)));
    }
    String module = "{\"idx\": %1$d, \"name\": \"%1$d\", \"path\": \"%2$s\", \"type\": \"%3$s\"}";
    String type = "sentence_transformers.models.";
    Files.writeString(
        folder.resolve("modules.json"),
        "["
            + module.formatted(0, "", type + "Transformer")
            + ","
            + module.formatted(1, "1_Pooling", type + "Pooling")
            + (modules.isEmpty() ? "" : "," + module.formatted(2, "2", type + modules))
            + "]");
    Files.writeString(
        folder.resolve("config_sentence_transformers.json"),
        "{\"similarity_fn_name\": \"" + similarity + "\"}");
    ModelSource source = ModelSource.of(folder);
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(source.resolver())
            .resolve(CheckpointResolver.Request.of(folder.toString()));
    Llm2VecOptions options = Llm2VecOptions.builder().normalize(normalize).build();
    return EncodingSettings.of(checkpoint, options).similarityLost(checkpoint);
  }

  /**
   * Of vectors of length 1, cosine, dot product and distance have one order; of others they do not.
   */
  @Test
  void saysWhatScalingTakesFromASimilarity() throws IOException {
    assertTrue(lost("dot", "", true).orElseThrow().contains("maximum_inner_product"));
    assertTrue(lost("euclidean", "", true).orElseThrow().contains("similarity euclidean"));
    assertEquals(Optional.empty(), lost("cosine", "", true));
    assertEquals(Optional.empty(), lost("dot", "", false));
    assertEquals(Optional.empty(), lost("dot", "Normalize", true));
  }
}
