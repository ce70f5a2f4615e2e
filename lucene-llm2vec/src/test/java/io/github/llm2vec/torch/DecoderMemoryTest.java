/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Resident memory stays flat over forward passes, a hundredth of which fail inside libtorch, over
 * opening and closing, and over batches of ever other shapes. Measured in a Java process of its
 * own, whose heap is all resident from the start, so that only native memory can grow. A longer
 * run: {@code -Dllm2vec.soak.encodes=20000 -Dllm2vec.soak.cycles=20}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc/self/status")
class DecoderMemoryTest {

  private static final Path MODEL = Path.of("src/test/resources/checkpoints/stories260K");
  private static final int ENCODES = Integer.getInteger("llm2vec.soak.encodes", 2000);
  private static final int CYCLES = Integer.getInteger("llm2vec.soak.cycles", 5);

  // 1 MB of arguments a call: what DJL's own path would leak in 30 failing calls is 30 MB.
  private static final int TOKENS = 32_768;
  private static final double ALLOWED_GROWTH = 0.05;

  // An allocator may still be filling its pools in one round, but a leak grows in every one.
  private static final int ROUNDS = 6;

  private static final int SHAPES = Math.max(300, ENCODES / 10);
  private static final int LARGEST_BATCH = 1024;
  private static final int LONGEST_TEXT = 256;

  @Test
  void residentMemoryStaysFlat() throws IOException, InterruptedException {
    assertEndsWell("repeat");
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"FLOAT32", "BFLOAT16"})
  void residentMemoryDoesNotGrowWithTheShapesSeen(DType dtype)
      throws IOException, InterruptedException {
    assertEndsWell(dtype.name());
  }

  private static void assertEndsWell(String mode) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms256m",
                "-Xmx256m",
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-Dllm2vec.soak.encodes=" + ENCODES,
                "-Dllm2vec.soak.cycles=" + CYCLES,
                "-cp",
                System.getProperty("java.class.path"),
                DecoderMemoryTest.class.getName(),
                mode)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
  }

  /** Exits with 1 unless there is a round in which memory stayed flat. */
  public static void main(String[] arguments) throws IOException {
    System.exit(
        (arguments[0].equals("repeat") ? repeat() : differ(DType.valueOf(arguments[0]))) ? 0 : 1);
  }

  /**
   * Batches of every size and make, after one of every number of rows that the linear layers know.
   */
  private static boolean differ(DType dtype) throws IOException {
    Random random = new Random(5);
    try (Decoder decoder = open(dtype)) {
      for (int tokens = 1; tokens <= LARGEST_BATCH; tokens++) {
        if (LinearKernel.PACKED.rows(tokens) == tokens) {
          decoder.run(mixed(tokens, random));
        }
      }
      for (int length = 1; length <= LONGEST_TEXT; length++) {
        decoder.run(batch(length, 7));
      }
      long before = resident();
      for (int i = 0; i < SHAPES; i++) {
        decoder.run(mixed(1 + random.nextInt(LARGEST_BATCH), random));
      }
      return grownLittle(before);
    }
  }

  private static PackedBatch mixed(int tokens, Random random) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (int left = tokens; left > 0; ) {
      int length = Math.min(left, 1 + random.nextInt(LONGEST_TEXT));
      builder.add(random.ints(length, 0, 512).toArray(), 0).pool(0, 1f);
      left -= length;
    }
    return builder.build();
  }

  private static boolean repeat() throws IOException {
    run(ENCODES);
    boolean flat = false;
    for (int round = 0; round < ROUNDS && !flat; round++) {
      long before = resident();
      run(ENCODES);
      for (int cycle = 0; cycle < CYCLES; cycle++) {
        run(1);
      }
      flat = grownLittle(before);
    }
    return flat;
  }

  private static Decoder open(DType dtype) throws IOException {
    try (TensorSource tensors = Safetensors.openFolder(MODEL)) {
      return Decoder.load(
          DecoderConfig.read(MODEL.resolve("config.json")).spec(),
          CheckpointWeights.of(tensors, MODEL.toString()),
          new DecoderOptions(dtype, TorchDevice.CPU, TOKENS, true),
          LoadListener.NONE);
    }
  }

  private static void run(int times) throws IOException {
    PackedBatch good = batch(64, 7);
    PackedBatch bad = batch(TOKENS, -5);
    try (Decoder decoder = open(DType.FLOAT32)) {
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

  private static boolean grownLittle(long before) throws IOException {
    long now = resident();
    double growth = (double) (now - before) / before;
    System.out.printf(
        "%d MB before, %d MB after, %+.1f%%%n", before >> 20, now >> 20, 100 * growth);
    return growth <= ALLOWED_GROWTH;
  }

  private static long resident() throws IOException {
    freeBuffers();
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }

  /** A call's arguments are freed by a thread of the JVM's, some time after a collection. */
  private static void freeBuffers() {
    BufferPoolMXBean direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst()
            .orElseThrow();
    for (int i = 0; i < 1000 && direct.getMemoryUsed() > 1 << 20; i++) {
      System.gc();
      Thread.onSpinWait();
    }
  }
}
