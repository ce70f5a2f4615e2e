/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuSetupTest {

  @TempDir private Path folder;

  private final Map<String, String> environment = new HashMap<>();

  private void assertMissing(String part) {
    String missing = new GpuSetup(environment, folder.resolve("driver")).missing();
    assertTrue(missing.contains(part), missing);
  }

  /** In the order in which docs/gpu.md puts things right. */
  @Test
  void theFirstThingThatIsMissingIsNamed() throws IOException {
    assertMissing("PYTORCH_LIBRARY_PATH is not set to a folder");
    environment.put("PYTORCH_LIBRARY_PATH", folder.resolve("nowhere").toString());
    assertMissing("PYTORCH_LIBRARY_PATH is not set");
    Path libraries = Files.createDirectory(folder.resolve("lib"));
    environment.put("PYTORCH_LIBRARY_PATH", libraries.toString());
    Files.createFile(libraries.resolve("libtorch_cpu.so"));
    assertMissing("has no libtorch_cuda.so");
    Files.createFile(libraries.resolve("libtorch_cuda.so"));
    assertMissing("PYTORCH_FLAVOR is ''");
    environment.put("PYTORCH_FLAVOR", "cpu");
    assertMissing("PYTORCH_FLAVOR is 'cpu'");
    environment.put("PYTORCH_FLAVOR", "cu128");
    assertMissing("driver is not loaded");
    Files.createFile(folder.resolve("driver"));
    assertMissing("no folder of LD_LIBRARY_PATH has libcudart.so");
    Path runtime = Files.createDirectory(folder.resolve("runtime"));
    Files.createFile(runtime.resolve("libcudart.so.12"));
    environment.put("LD_LIBRARY_PATH", "/nowhere::" + runtime);
    assertMissing("older than CUDA 12");
    environment.put("CUDA_VISIBLE_DEVICES", "");
    assertMissing("CUDA_VISIBLE_DEVICES is ''");
  }
}
