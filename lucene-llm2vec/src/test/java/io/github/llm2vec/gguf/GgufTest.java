/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.Fixtures;
import io.github.llm2vec.checkpoint.GgufFolder;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.checkpoint.SentenceTransformersConfig;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.files.ModelException;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** GGUF files against what the gguf package makes of them, and against damage. */
class GgufTest {

  private static final Path MODELS = Path.of("src/test/resources/gguf");

  @TempDir Path temporary;

  static List<Path> models() throws IOException {
    try (Stream<Path> all = Files.list(MODELS)) {
      return all.sorted().toList();
    }
  }

  /** Every tensor of every type, to the last bit, also in pieces that begin anywhere. */
  @ParameterizedTest
  @MethodSource("models")
  void widensAsTheReference(Path model) throws IOException {
    Random random = new Random(7);
    try (TensorSource expected = Safetensors.openFile(model.resolve("expected.safetensors"));
        TensorSource actual = GgufWeights.open(model.resolve("model.gguf"))) {
      assertEquals(expected.names(), actual.names());
      for (String name : expected.names()) {
        assertArrayEquals(expected.shape(name).orElseThrow(), actual.shape(name).orElseThrow());
        float[] whole = Fixtures.readAll(expected, name);
        assertArrayEquals(whole, Fixtures.readAll(actual, name), name);
        for (int i = 0; i < 5; i++) {
          int first = random.nextInt(whole.length);
          float[] part = new float[random.nextInt(whole.length - first) + 1];
          actual.read(name, first, FloatBuffer.wrap(part));
          assertArrayEquals(Arrays.copyOfRange(whole, first, first + part.length), part, name);
        }
      }
    }
  }

  @Test
  void unpacksOnceAndRepairsWhatIsDamaged() throws IOException {
    Path file = MODELS.resolve("llama-pieces/model.gguf");
    Path folder = GgufFolder.of(file, temporary);
    assertTrue(folder.getFileName().toString().startsWith("model-"), folder.toString());
    assertTrue(SentenceTransformersConfig.read(folder).isPresent());
    Files.writeString(folder.resolve("config.json"), "{");
    assertEquals(folder, GgufFolder.of(file, temporary));
    assertFalse(DecoderConfig.read(folder.resolve("config.json")).spec().causal());
    try (Stream<Path> all = Files.list(folder.getParent())) {
      assertEquals(1, all.count());
    }
  }

  @Test
  void takesPoolingAndAttentionFromTheMetadata() throws IOException {
    ResolvedCheckpoint pieces = resolve(MODELS.resolve("llama-pieces/model.gguf"));
    assertEquals(List.of("mean"), pieces.sentenceTransformers().orElseThrow().poolingModes());
    assertFalse(pieces.spec().causal());
    ResolvedCheckpoint qwen2 = resolve(MODELS.resolve("qwen2/model.gguf"));
    assertEquals(List.of("lasttoken"), qwen2.sentenceTransformers().orElseThrow().poolingModes());
    assertTrue(qwen2.spec().causal());
    assertFalse(resolve(MODELS.resolve("llama-plain/model.gguf")).spec().causal());
    assertEquals(64, qwen2.fingerprint().length());
  }

  private ResolvedCheckpoint resolve(Path file) throws IOException {
    ResolverOptions options = ResolverOptions.local(HubEnvironment.of(Map.of(), temporary));
    return new CheckpointResolver(options)
        .resolve(CheckpointResolver.Request.of(file.toAbsolutePath().toString()));
  }

  /** A file outside the root is refused like a folder outside. */
  @Test
  void staysInsideTheRoot() throws IOException {
    Files.createDirectories(temporary.resolve("root"));
    Files.copy(MODELS.resolve("qwen3/model.gguf"), temporary.resolve("outside.gguf"));
    Files.copy(MODELS.resolve("qwen3/model.gguf"), temporary.resolve("root/inside.gguf"));
    ResolverOptions options =
        ResolverOptions.local(HubEnvironment.of(Map.of(), temporary))
            .within(temporary.resolve("root"));
    CheckpointResolver resolver = new CheckpointResolver(options);
    assertEquals(
        "qwen3", resolver.resolve(CheckpointResolver.Request.of("inside.gguf")).spec().modelType());
    assertThrows(
        ModelUnavailableException.class,
        () -> resolver.resolve(CheckpointResolver.Request.of("../outside.gguf")));
  }

  /** Writes headers by hand. */
  private static final class Header {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Header(int version, long tensors, long entries) {
      bytes.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
      int32(version).int64(tensors).int64(entries);
    }

    Header int32(int value) {
      bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
      return this;
    }

    Header int64(long value) {
      bytes.writeBytes(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
      return this;
    }

    Header text(String value) {
      byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
      int64(utf8.length);
      bytes.writeBytes(utf8);
      return this;
    }

    Header padded(int count) {
      bytes.writeBytes(new byte[count]);
      return this;
    }
  }

  private String refusal(Header header) throws IOException {
    Path file = Files.write(temporary.resolve("x.gguf"), header.bytes.toByteArray());
    try (FileChannel channel = FileChannel.open(file)) {
      return assertThrows(ModelFormatException.class, () -> GgufHeader.read(file, channel))
          .getMessage();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, 0, has version 1",
    "50331648, 0, 0, has version 50331648",
    "3, -1, 0, claims 18446744073709551615 tensors",
    "3, 0, 1099511627776, claims 1099511627776 metadata entries",
    "3, 3, 0, claims 3 tensors"
  })
  void comparesCountsWithTheFile(int version, long tensors, long entries, String expected)
      throws IOException {
    String message = refusal(new Header(version, tensors, entries).padded(40));
    assertTrue(message.contains(expected), message);
  }

  @Test
  void checksWhatEveryEntrySays() throws IOException {
    Header longKey = new Header(3, 0, 1).int64(Long.MAX_VALUE).padded(40);
    assertTrue(refusal(longKey).contains("string of 9223372036854775807 bytes"));
    Header longList = new Header(3, 0, 1).text("a").int32(9).int32(4).int64(1L << 40).padded(40);
    assertTrue(refusal(longList).contains("claims 1099511627776 elements in 'a'"));
    Header nested = new Header(3, 0, 1).text("a").int32(9).int32(9).int64(1).padded(40);
    assertTrue(refusal(nested).contains("is a list of type 9"));
    Header twice = new Header(3, 0, 2).text("a").int32(4).int32(1).text("a").int32(4).int32(1);
    assertTrue(refusal(twice.padded(40)).contains("'a' twice"));
    Header huge = tensor("a", 0, 0, 1L << 62, 4);
    assertTrue(refusal(huge).contains("more elements than can be"));
    assertTrue(refusal(tensor("a", 0, 64, 32, 4)).contains("ends behind the file"));
    assertTrue(refusal(tensor("a", 0, 7, 1)).contains("begins at byte 7"));
    assertTrue(refusal(tensor("a", 12, 0, 255)).contains("no whole blocks of Q4_K"));
    assertTrue(refusal(tensor("a", 16, 0, 256)).contains("ggml type 16"));
    assertTrue(refusal(tensor("a", 0, 0)).contains("0 dimensions"));
  }

  private static Header tensor(String name, int type, long offset, long... dimensions) {
    Header header = new Header(3, 1, 0).text(name).int32(dimensions.length);
    for (long dimension : dimensions) {
      header.int64(dimension);
    }
    return header.int32(type).int64(offset).padded(200);
  }

  /**
   * Damaged headers: nothing but our own exceptions, and no allocation out of proportion to the
   * file. {@code -Dllm2vec.long=true} tries 100,000.
   */
  @Test
  void readsDamagedHeadersOrRefusesThem() throws IOException {
    long seed = Long.getLong("llm2vec.seed", System.nanoTime());
    Random random = new Random(seed);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    List<byte[]> originals =
        models().stream()
            .filter(path -> !path.endsWith("llama-blocks"))
            .map(GgufTest::bytes)
            .sorted(Comparator.comparingInt(bytes -> bytes.length))
            .limit(4)
            .toList();
    int cases = Boolean.getBoolean("llm2vec.long") ? 100_000 : 1000;
    int refused = 0;
    for (int i = 0; i < cases; i++) {
      byte[] damaged = damage(originals.get(random.nextInt(originals.size())), random);
      Path file = Files.write(temporary.resolve("damaged.gguf"), damaged);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        GgufFolder.files(file);
        try (GgufWeights weights = GgufWeights.open(file)) {
          for (String name : weights.names()) {
            Fixtures.readAll(weights, name);
          }
        }
      } catch (ModelException e) {
        refused++;
        assertTrue(e.getMessage().length() < 2000, e.getMessage());
      } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
        fail("seed " + seed + " case " + i, e);
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < 8 << 20, "seed " + seed + " case " + i + " allocated " + allocated);
    }
    assertTrue(refused > cases / 4, "only " + refused + " refused; seed " + seed);
  }

  private static byte[] bytes(Path model) {
    try {
      return Files.readAllBytes(model.resolve("model.gguf"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Bits, numbers and lengths changed in the header, or the file cut off. */
  private static byte[] damage(byte[] original, Random random) {
    byte[] bytes = original.clone();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.min(bytes.length - 8, 6000);
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int at = random.nextInt(header);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> buffer.putLong(at, random.nextLong() >>> random.nextInt(64));
        case 2 -> buffer.putInt(at, random.nextInt(14));
        case 3 -> buffer.putLong(at, -1L >>> random.nextInt(2));
        case 4 -> System.arraycopy(original, random.nextInt(header), bytes, at, 8);
        default -> {
          return Arrays.copyOf(bytes, random.nextInt(bytes.length));
        }
      }
    }
    return bytes;
  }
}
