/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.serving.QueryVectorCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A models file cannot make a node read folders outside the one that its operator has set. */
class ModelsRootTest {

  @TempDir private Path folder;

  private String refusal(Path root, String model) {
    Llm2VecEncoderFactory factory =
        new Llm2VecEncoderFactory(Optional.of(root), QueryVectorCache.ofDefaultSize());
    return assertThrows(
            IOException.class, () -> factory.open(ModelDeclaration.of("default", model)).close())
        .getMessage();
  }

  @Test
  void refusesFoldersOutsideTheRootAndLinksThatLeadThere() throws Exception {
    Path root = Files.createDirectories(folder.resolve("root"));
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Files.writeString(outside.resolve("config.json"), "{\"model_type\": \"llama\"}");
    Path link = Files.createSymbolicLink(root.resolve("link"), outside);
    for (String model :
        new String[] {outside.toString(), link.toString(), root.resolve("../outside").toString()}) {
      String refusal = refusal(root, model);
      assertTrue(refusal.contains("outside"), refusal);
      assertTrue(refusal.contains(root.toRealPath().toString()), refusal);
    }
    Path inside = Files.createDirectories(root.resolve("inside"));
    String missing = refusal(root, inside.toString());
    assertTrue(missing.contains("config.json"), missing);
  }
}
