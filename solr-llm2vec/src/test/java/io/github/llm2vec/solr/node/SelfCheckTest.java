/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelfCheckTest {

  @TempDir private Path folder;

  @Test
  void saysWhatItFindsAndWhatToDo() throws Exception {
    Files.write(folder.resolve("model.safetensors"), new byte[1000]);
    List<SelfCheck.Finding> findings =
        new SelfCheck(SelfCheckTest.class.getClassLoader(), 23)
            .run(
                List.of(
                    ModelDeclaration.of("here", folder.toString()),
                    ModelDeclaration.of("hub", "some/model")));
    Map<String, SelfCheck.Finding> byName =
        findings.stream().collect(Collectors.toMap(SelfCheck.Finding::name, Function.identity()));
    assertEquals(
        List.of(
            "class loader",
            "security manager",
            "SIMD",
            "engine",
            "memory",
            "model here",
            "model hub"),
        findings.stream().map(SelfCheck.Finding::name).toList());
    assertEquals("none", byName.get("security manager").text());
    assertTrue(byName.get("engine").text().contains("PyTorch 2."), byName.get("engine").text());
    assertTrue(byName.get("model here").good());
    assertTrue(byName.get("model here").text().contains("weights of 0.0 GiB"));
    assertTrue(byName.get("model hub").text().contains("it may be a hub id"));
    if (Runtime.version().feature() < 20) {
      assertFalse(byName.get("SIMD").good());
      assertTrue(byName.get("SIMD").text().contains("--add-modules jdk.incubator.vector"));
    }
  }
}
