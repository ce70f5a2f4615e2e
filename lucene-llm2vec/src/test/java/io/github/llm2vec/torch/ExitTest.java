/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A process that exits in the middle of a step, with a model that nobody closed, ends cleanly:
 * whether it calls {@code System.exit}, is told to end, or its main thread returns. Runs of each
 * kind: {@code -Dllm2vec.exits=50}.
 */
class ExitTest {

  private static final Path MODEL = Path.of("src/test/resources/checkpoints/stories260K");
  private static final int EXITS = Integer.getInteger("llm2vec.exits", 2);
  private static final int TOKENS = 2048;
  private static final int SIGTERM = 128 + 15;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"exit", "terminate", "return"})
  void endsCleanlyInTheMiddleOfAStep(String way) throws IOException, InterruptedException {
    for (int i = 0; i < EXITS; i++) {
      Path record = folder.resolve("crash-" + way + i);
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:ErrorFile=" + record,
                  "-XX:-CreateCoredumpOnCrash",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ExitTest.class.getName(),
                  way)
              .redirectErrorStream(true)
              .start();
      try (BufferedReader output = process.inputReader()) {
        StringBuilder text = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
          text.append(line).append('\n');
          if (line.equals("running") && way.equals("terminate")) {
            // Process.destroy would close the output that is still to be read.
            process.toHandle().destroy();
            break;
          }
        }
        text.append(output.lines().collect(Collectors.joining("\n")));
        assertEquals(way.equals("terminate") ? SIGTERM : 0, process.waitFor(), text::toString);
        assertFalse(Files.exists(record), text::toString);
      }
    }
  }

  /** Runs steps without end on threads that do not keep the process alive, and exits. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Decoder decoder;
    try (TensorSource tensors = Safetensors.openFolder(MODEL)) {
      decoder =
          Decoder.load(
              DecoderConfig.read(MODEL.resolve("config.json")).spec(),
              CheckpointWeights.of(tensors, MODEL.toString()),
              new DecoderOptions(DType.FLOAT32, TorchDevice.CPU, TOKENS, true),
              LoadListener.NONE);
    }
    PackedBatch batch =
        new PackedBatch.Builder()
            .add(new Random(1).ints(TOKENS, 0, 512).toArray(), 0)
            .pool(0, 1f)
            .build();
    CountDownLatch steps = new CountDownLatch(3);
    for (int i = 0; i < 2; i++) {
      Thread caller =
          new Thread(
              () -> {
                while (true) {
                  decoder.run(batch);
                  steps.countDown();
                }
              });
      caller.setDaemon(true);
      // After the exit has begun the model refuses.
      caller.setUncaughtExceptionHandler((thread, refused) -> {});
      caller.start();
    }
    steps.await();
    System.out.println("running");
    switch (arguments[0]) {
      case "exit" -> System.exit(0);
      case "terminate" -> new CountDownLatch(1).await();
      default -> {}
    }
  }
}
