/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that say the same in other words are one tokenizer, and what changes an id is another. */
class TokenizerFingerprintTest {

  private static final Path MODEL = Path.of("..", "examples", "models", "stories260K");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private String fingerprint(Consumer<ObjectNode> change) throws IOException {
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(MODEL.resolve("tokenizer.json").toFile());
    change.accept(tokenizer);
    Path copy = Files.createTempDirectory(folder, "copy");
    // Laid out otherwise, too.
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(copy.resolve("tokenizer.json").toFile(), tokenizer);
    Files.copy(MODEL.resolve("tokenizer_config.json"), copy.resolve("tokenizer_config.json"));
    try (Tokenizer opened = Tokenizer.open(copy)) {
      return opened.fingerprint();
    }
  }

  @Test
  void countsIdsAndNotBytes() throws IOException {
    try (Tokenizer tokenizer = Tokenizer.open(MODEL)) {
      assertTrue(tokenizer.fingerprint().matches("[0-9a-f]{16}"));
      assertEquals(tokenizer.fingerprint(), fingerprint(same -> {}));
    }
  }

  @Test
  void changesWithEverythingThatChangesAnId() throws IOException {
    List<Consumer<ObjectNode>> changes =
        List.of(
            same -> {},
            noPrefix -> ((ArrayNode) noPrefix.at("/normalizer/normalizers")).remove(0),
            lowercase ->
                ((ArrayNode) lowercase.at("/normalizer/normalizers"))
                    .insertObject(0)
                    .put("type", "Lowercase"),
            fewerMerges -> {
              ArrayNode merges = (ArrayNode) fewerMerges.at("/model/merges");
              for (int i = 0; i < 20; i++) {
                merges.remove(0);
              }
            });
    Set<String> all = new HashSet<>();
    for (Consumer<ObjectNode> change : changes) {
      all.add(fingerprint(change));
    }
    assertEquals(changes.size(), all.size());
  }
}
