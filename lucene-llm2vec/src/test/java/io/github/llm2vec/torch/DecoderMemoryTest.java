/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.model.DType;
import io.github.llm2vec.model.DecoderConfig;
import io.github.llm2vec.model.Safetensors;
import io.github.llm2vec.model.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Resident memory stays flat over forward passes, a hundredth of which fail inside libtorch, and
 * over opening and closing. A longer run: {@code -Dllm2vec.soak.encodes=20000
 * -Dllm2vec.soak.cycles=20}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc/self/status")
class DecoderMemoryTest {

  private static final Path MODEL = Path.of("src/test/resources/checkpoints/stories260K");
  private static final int ENCODES = Integer.getInteger("llm2vec.soak.encodes", 3000);
  private static final int CYCLES = Integer.getInteger("llm2vec.soak.cycles", 5);

  // 1 MB of arguments a call: what DJL's own path would leak in 30 failing calls is 30 MB.
  private static final int TOKENS = 32_768;
  private static final double ALLOWED_GROWTH = 0.05;

  @Test
  void residentMemoryStaysFlat() throws IOException {
    run(ENCODES / 5 + 200);
    run(1);
    long before = resident();
    run(ENCODES);
    report(ENCODES + " encodes, every hundredth failing", before);
    for (int cycle = 0; cycle < CYCLES; cycle++) {
      run(1);
    }
    report(CYCLES + " times of opening and closing", before);
  }

  private static void run(int times) throws IOException {
    PackedBatch good = batch(64, 7);
    PackedBatch bad = batch(TOKENS, -5);
    try (TensorSource tensors = Safetensors.openFolder(MODEL);
        Decoder decoder =
            Decoder.load(
                DecoderConfig.read(MODEL.resolve("config.json")).spec(),
                CheckpointWeights.of(tensors, MODEL.toString()),
                new DecoderOptions(DType.FLOAT32, TorchDevice.CPU, TOKENS, true),
                LoadListener.NONE)) {
      for (int i = 1; i <= times; i++) {
        if (i % 100 == 0) {
          assertThrows(DeviceException.class, () -> decoder.run(bad));
        } else {
          decoder.run(good);
        }
      }
    }
  }

  private static PackedBatch batch(int tokens, int id) {
    int[] ids = new int[tokens];
    Arrays.fill(ids, id);
    return new PackedBatch.Builder().add(ids, 0).pool(0, 1f).build();
  }

  private static void report(String what, long before) throws IOException {
    long now = resident();
    double growth = (double) (now - before) / before;
    String figures =
        "%d MB before, %d MB after, %+.1f%%".formatted(before >> 20, now >> 20, 100 * growth);
    System.out.println(what + ": " + figures);
    assertTrue(growth <= ALLOWED_GROWTH, what + ": " + figures);
  }

  private static long resident() throws IOException {
    System.gc();
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}
