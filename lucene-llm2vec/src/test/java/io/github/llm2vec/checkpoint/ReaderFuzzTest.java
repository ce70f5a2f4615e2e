/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.ThreadMXBean;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.files.ModelException;
import io.github.llm2vec.files.Mutator;
import io.github.llm2vec.hub.HubId;
import io.github.llm2vec.hub.HubListing;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsBytes;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files lead to our own exceptions and to nothing else: no other exception, no error, no
 * allocation out of proportion. A failure names the seed and the case; {@code -Dllm2vec.seed=N}
 * repeats it.
 */
class ReaderFuzzTest {

  private static final int CASES = Boolean.getBoolean("llm2vec.long") ? 100_000 : 1000;
  // Parsers and exceptions take most of this; the files have a few kilobytes.
  private static final long MAX_ALLOCATION = 8 << 20;

  @TempDir Path folder;

  private final long seed = Long.getLong("llm2vec.seed", System.nanoTime());
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private int refused;

  /** Reads what a case wrote. */
  @FunctionalInterface
  private interface Reader {
    void read(byte[] damaged) throws IOException;
  }

  private void fuzz(List<byte[]> originals, Reader reader) {
    Random random = new Random(seed);
    Mutator mutator = new Mutator(random);
    for (int i = 0; i < CASES; i++) {
      byte[] damaged = mutator.mutate(originals.get(random.nextInt(originals.size())));
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        reader.read(damaged);
      } catch (ModelException e) {
        refused++;
        assertTrue(e.getMessage().length() < 2000, () -> describe(damaged));
      } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
        fail("seed " + seed + " case " + i + ": " + describe(damaged), e);
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(
          allocated < MAX_ALLOCATION,
          "seed " + seed + " case " + i + " allocated " + allocated + ": " + describe(damaged));
    }
    // Else the damage would not be worth the name.
    assertTrue(refused > CASES / 4, "only " + refused + " refused; seed " + seed);
  }

  private static String describe(byte[] damaged) {
    return new String(damaged, 0, Math.min(damaged.length, 1000), StandardCharsets.ISO_8859_1);
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static void readTensors(Path file) throws IOException {
    try (TensorSource source = Safetensors.openFile(file)) {
      for (String name : source.names()) {
        if (source.dtype(name).isPresent()) {
          Fixtures.readAll(source, name);
        }
      }
    }
  }

  @Test
  void readsSafetensorsOrRefusesThem() throws IOException {
    byte[] original = Files.readAllBytes(Fixtures.path("python.safetensors"));
    fuzz(List.of(original), damaged -> readTensors(write("x.safetensors", damaged)));
  }

  /** The length is kept right, so that the damage reaches what comes after it. */
  @Test
  void readsHeadersOrRefusesThem() throws IOException {
    byte[] original = Files.readAllBytes(Fixtures.path("python.safetensors"));
    int length = (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] header = Arrays.copyOfRange(original, 8, 8 + length);
    int data = original.length - 8 - length;
    fuzz(
        List.of(header),
        damaged ->
            readTensors(
                SafetensorsBytes.write(
                    folder.resolve("x.safetensors"), damaged.length, damaged, data)));
  }

  @Test
  void readsConfigurationsOrRefusesThem() throws IOException {
    List<byte[]> configs = new ArrayList<>();
    for (JsonNode oracleCase : Fixtures.json("configs.json")) {
      configs.add(oracleCase.get("config").toString().getBytes(StandardCharsets.UTF_8));
    }
    try (Stream<Path> rows = Files.list(Path.of("src/test/resources/conformance"))) {
      for (Path row : rows.sorted().toList()) {
        configs.add(Files.readAllBytes(row.resolve("config.json")));
      }
    }
    fuzz(
        configs,
        damaged -> DecoderLayout.of(DecoderConfig.read(write("config.json", damaged)).spec()));
  }

  @Test
  void readsAdapterConfigurationsOrRefusesThem() throws IOException {
    DecoderSpec spec = DecoderConfig.read(Fixtures.path("lora-base").resolve("config.json")).spec();
    Files.copy(
        Fixtures.path("lora-causal").resolve("adapter_model.safetensors"),
        folder.resolve("adapter_model.safetensors"));
    byte[] config = Files.readAllBytes(Fixtures.path("lora-causal").resolve("adapter_config.json"));
    fuzz(
        List.of(config),
        damaged -> {
          write("adapter_config.json", damaged);
          LoraAdapter.open(folder, spec).close();
        });
  }

  @Test
  void readsAdapterWeightsOrRefusesThem() throws IOException {
    DecoderSpec spec = DecoderConfig.read(Fixtures.path("lora-base").resolve("config.json")).spec();
    Files.copy(
        Fixtures.path("lora-causal").resolve("adapter_config.json"),
        folder.resolve("adapter_config.json"));
    byte[] weights =
        Files.readAllBytes(Fixtures.path("lora-causal").resolve("adapter_model.safetensors"));
    fuzz(
        List.of(Arrays.copyOf(weights, weights.length)),
        damaged -> {
          write("adapter_model.safetensors", damaged);
          LoraAdapter.open(folder, spec).close();
        });
  }

  @Test
  void readsTheOtherJsonFilesOrRefusesThem() throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling/config.json"), "{\"pooling_mode_mean_tokens\":true}");
    byte[] modules =
        ("[{\"idx\":0,\"path\":\"\",\"type\":\"sentence_transformers.models.Transformer\"},"
                + "{\"idx\":1,\"path\":\"1_Pooling\",\"type\":"
                + "\"sentence_transformers.models.Pooling\"}]")
            .getBytes(StandardCharsets.UTF_8);
    byte[] index =
        "{\"metadata\":{\"total_size\":16},\"weight_map\":{\"a\":\"m-1.safetensors\"}}"
            .getBytes(StandardCharsets.UTF_8);
    byte[] encoder =
        "{\"pooling_mode\":\"mean\",\"max_length\":512,\"skip_instruction\":true}"
            .getBytes(StandardCharsets.UTF_8);
    fuzz(
        List.of(modules),
        damaged -> {
          write("modules.json", damaged);
          SentenceTransformersConfig.read(folder);
        });
    fuzz(
        List.of(index),
        damaged -> {
          write("model.safetensors.index.json", damaged);
          Safetensors.openFolder(folder).close();
        });
    fuzz(List.of(encoder), damaged -> Llm2VecConfig.read(write("l.json", damaged)));
    fuzz(
        List.of(
            ("{\"sha\":\""
                    + FakeHub.COMMIT
                    + "\",\"siblings\":[{\"rfilename\":\"a\","
                    + "\"size\":3,\"blobId\":\"x\",\"lfs\":{\"sha256\":\"y\"}}]}")
                .getBytes(StandardCharsets.UTF_8)),
        damaged -> HubListing.parse(HubId.parse("a/b").orElseThrow(), damaged));
  }
}
