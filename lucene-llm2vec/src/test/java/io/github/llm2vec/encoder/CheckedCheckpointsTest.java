/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.torch.LoadListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link Llm2Vec#check} approves what {@link Llm2Vec#open} opens, and refuses the rest for the same
 * reason: all checkpoints of the tests, complete or not, and damaged copies of one of them. {@link
 * SavedCheckpointsTest} does the same with its own.
 */
class CheckedCheckpointsTest {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final int DAMAGED = Boolean.getBoolean("llm2vec.long") ? 5000 : 100;

  private final long seed = Long.getLong("llm2vec.seed", System.nanoTime());

  /** Opens a model, and checks it, which must come to the same. */
  private static String bothWays(ModelSource source, Llm2VecOptions options, String what) {
    String opened;
    try (Llm2Vec encoder = Llm2Vec.open(source, options)) {
      opened = identity(encoder);
    } catch (IOException | RuntimeException e) {
      opened = e.toString();
    }
    assertChecked(opened, source, options, what);
    return opened;
  }

  static String identity(Llm2Vec encoder) {
    return new VectorIdentity(encoder.fingerprint(), encoder.dimensions()).toString();
  }

  /** Checks a model, which must come to the given identity or exception. */
  static void assertChecked(
      String opened, ModelSource source, Llm2VecOptions options, String what) {
    String checked;
    try {
      checked = Llm2Vec.check(source, options, LoadListener.NONE).toString();
    } catch (IOException | RuntimeException e) {
      checked = e.toString();
    }
    assertEquals(opened, checked, what);
  }

  static List<Path> checkpoints() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String folder : List.of("checkpoints", "conformance", "gguf", "io")) {
      try (Stream<Path> all = Files.walk(RESOURCES.resolve(folder))) {
        all.forEach(
            file -> {
              String name = file.getFileName().toString();
              if (name.equals("config.json") || name.equals("adapter_config.json")) {
                found.add(file.getParent());
              } else if (name.endsWith(".gguf")) {
                found.add(file);
              }
            });
      }
    }
    assertTrue(found.size() > 60, found::toString);
    return found.stream().distinct().sorted().toList();
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void agreeOnAllCheckpoints(Path model) {
    ModelSource source = ModelSource.of(model.toString(), List.of(), Map.of());
    bothWays(source, Llm2VecOptions.defaults(), model.toString());
  }

  /**
   * One or two of the files of a model with sentence-transformers' modules are damaged at a time.
   */
  @Test
  void agreeOnDamagedFiles(@TempDir Path folder) throws IOException {
    Path original = RESOURCES.resolve("checkpoints/gemma3-text");
    List<String> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(original)) {
      all.filter(Files::isRegularFile)
          .map(file -> original.relativize(file).toString())
          .filter(name -> !name.startsWith("expected"))
          .sorted()
          .forEach(files::add);
    }
    Random random = new Random(seed);
    Set<String> reasons = new HashSet<>();
    for (int i = 0; i < DAMAGED; i++) {
      for (String name : files) {
        Path copy = folder.resolve(name);
        Files.createDirectories(copy.getParent());
        Files.write(copy, Files.readAllBytes(original.resolve(name)));
      }
      Path damaged = folder.resolve(files.get(random.nextInt(files.size())));
      damage(damaged, random);
      ModelSource source = ModelSource.of(folder);
      reasons.add(bothWays(source, Llm2VecOptions.defaults(), "seed " + seed + ", " + damaged));
    }
    // Else the damage would not be worth the name.
    assertTrue(reasons.size() > 20, "seed " + seed + ": " + reasons);
  }

  private static void damage(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    switch (random.nextInt(8)) {
      case 0 -> Files.delete(file);
      case 1 -> Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      default -> {
        for (int i = random.nextInt(3); i >= 0; i--) {
          // 0xff in the upper half of a float makes it a NaN or infinite, two times out of three.
          bytes[random.nextInt(bytes.length)] = (byte) (random.nextInt(3) == 0 ? '9' : 0xff);
        }
        Files.write(file, bytes);
      }
    }
  }
}
