/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.files.ModelException;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters beside a base, against the same adapters merged into it. */
class AdaptersTest {

  private static final Path CASES = Path.of("src/test/resources/saved-checkpoints");

  /** Of equal and unequal lengths. */
  private static final List<String> TEXTS =
      List.of(
          "a", "the cat sat", "the dog ran", "one two three four five six seven eight nine", "");

  @TempDir Path temporary;

  /** Adapters of every kind that PEFT saves, and one on every family of decoders. */
  static List<Path> cases() throws IOException {
    try (Stream<Path> all = Files.list(CASES)) {
      return all.filter(folder -> Files.exists(folder.resolve("adapter/adapter_config.json")))
          .filter(folder -> !folder.endsWith("adapter-saved-missing"))
          .sorted()
          .toList();
    }
  }

  private static Llm2VecOptions.Builder options() {
    return Llm2VecOptions.builder().enableBidirectional(true).pooling(Pooling.MEAN);
  }

  private static ModelSource source(Path model, Path... adapters) {
    return ModelSource.of(
        model.toString(), Stream.of(adapters).map(Path::toString).toList(), Map.of());
  }

  private Path assemble(String name) throws IOException {
    return SavedCheckpointsTest.assemble(CASES.resolve(name), temporary.resolve(name));
  }

  private static void assertVectors(float[][] expected, float[][] found, String what) {
    for (int i = 0; i < expected.length; i++) {
      double norm = 1;
      for (float value : expected[i]) {
        norm = Math.max(norm, Math.abs(value));
      }
      assertArrayEquals(expected[i], found[i], (float) (1e-5 * norm), what + ", text " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void vectorsAreThoseOfTheMergedAdapterOrItIsRefusedByName(Path folder) throws IOException {
    Path assembled = assemble(folder.getFileName().toString());
    Path base =
        Files.isDirectory(assembled.resolve("base")) ? assembled.resolve("base") : assembled;
    Path adapter = assembled.resolve("adapter");
    try (Llm2Vec model = Llm2Vec.open(source(base), options().build())) {
      float[][] plain = model.encode(TEXTS, Prompt.document());
      Llm2Vec opened;
      try {
        opened = Llm2Vec.open(source(base, adapter), options().build());
      } catch (ModelException e) {
        // What cannot be merged is refused for the same reason.
        ModelException refused =
            assertThrows(ModelException.class, () -> model.openAdapter("it", adapter.toString()));
        assertEquals(e.getMessage(), refused.getMessage());
        return;
      }
      try (Llm2Vec merged = opened) {
        Adapter beside;
        try {
          beside = model.openAdapter("it", adapter.toString());
        } catch (ModelException e) {
          assertTrue(e.getMessage().contains("cannot be kept beside a base"), e::getMessage);
          assertTrue(
              folder.toString().matches(".*(dora|embedding|lora-bias|bias|saved|tokens|head).*"),
              () -> folder + " was refused: " + e.getMessage());
          assertThrows(
              IllegalArgumentException.class, () -> model.encode(TEXTS, Prompt.document(), "it"));
          return;
        }
        float[][] expected = merged.encode(TEXTS, Prompt.document());
        assertVectors(expected, model.encode(TEXTS, Prompt.document(), "it"), folder.toString());
        assertVectors(plain, model.encode(TEXTS, Prompt.document()), folder.toString());
        assertEquals(merged.fingerprint(), beside.fingerprint());
        assertNotEquals(model.fingerprint(), beside.fingerprint());
      }
    }
  }

  /** Merged weights are rounded once, an adapter beside them not at all: close, not equal. */
  @Test
  void adaptersStandBesideWeightsInFewerBits() throws IOException {
    Path assembled = assemble("adapter-plain-encoder");
    for (DType dtype : List.of(DType.FLOAT16, DType.INT8)) {
      Llm2VecOptions reduced = options().dtype(dtype).build();
      Path inner = assembled.resolve("base");
      Path base = Files.isDirectory(inner) ? inner : assembled;
      Path adapter = assembled.resolve("adapter");
      try (Llm2Vec exact = Llm2Vec.open(source(base, adapter), options().build());
          Llm2Vec merged = Llm2Vec.open(source(base, adapter), reduced);
          Llm2Vec model = Llm2Vec.open(source(base), reduced)) {
        model.openAdapter("it", adapter.toString());
        float[][] expected = exact.encode(TEXTS.subList(0, 4), Prompt.document());
        assertClose(expected, merged.encode(TEXTS.subList(0, 4), Prompt.document()), dtype);
        assertClose(expected, model.encode(TEXTS.subList(0, 4), Prompt.document(), "it"), dtype);
        assertEquals(exact.fingerprint(), merged.fingerprint());
        assertEquals(dtype.configName(), model.facts().dtype());
      }
    }
  }

  private static void assertClose(float[][] expected, float[][] found, DType dtype) {
    for (int i = 0; i < expected.length; i++) {
      double dot = 0;
      double left = 0;
      double right = 0;
      for (int k = 0; k < expected[i].length; k++) {
        dot += (double) expected[i][k] * found[i][k];
        left += (double) expected[i][k] * expected[i][k];
        right += (double) found[i][k] * found[i][k];
      }
      assertTrue(dot / Math.sqrt(left * right) > 0.9995, dtype + ", text " + i);
    }
  }

  @Test
  void textsOfSeveralAdaptersAndOfNoneShareABatch() throws IOException {
    Path plain = assemble("adapter-plain-encoder");
    Path rank = assemble("adapter-rank-encoder");
    Path base = plain.resolve("base");
    for (String devices : List.of("cpu", "cpu,cpu")) {
      Llm2VecOptions options = options().devices(TorchDevice.listOf(devices)).build();
      try (Llm2Vec model = Llm2Vec.open(source(base), options)) {
        Optional<Adapter> first =
            Optional.of(model.openAdapter("first", plain.resolve("adapter").toString()));
        Optional<Adapter> second =
            Optional.of(model.openAdapter("second", rank.resolve("adapter").toString()));
        List<Optional<Adapter>> kinds = List.of(Optional.empty(), first, second);
        List<float[][]> expected =
            List.of(
                model.encode(TEXTS, Prompt.document()),
                model.encode(TEXTS, Prompt.document(), "first"),
                model.encode(TEXTS, Prompt.document(), "second"));
        List<TokenizedText> mixed = new ArrayList<>();
        for (int i = 0; i < 3 * TEXTS.size(); i++) {
          mixed.add(model.tokenize(TEXTS.get(i / 3), Prompt.document()).with(kinds.get(i % 3)));
        }
        float[][] found = model.encode(mixed);
        for (int i = 0; i < mixed.size(); i++) {
          assertArrayEquals(expected.get(i % 3)[i / 3], found[i], 1e-5f, "text " + i);
        }
        assertTrue(first.get().bytes() > 0);
      }
    }
  }

  @Test
  void whatIsNotOpenIsNamedWithWhatIs() throws IOException {
    Path assembled = assemble("adapter-plain-encoder");
    String adapter = assembled.resolve("adapter").toString();
    try (Llm2Vec model = Llm2Vec.open(source(assembled.resolve("base")), options().build())) {
      assertEquals(
          "no adapter 'law' is open, nor any other",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> model.encode(TEXTS, Prompt.document(), "law"))
              .getMessage());
      model.openAdapter("medicine", adapter);
      model.openAdapter("news", adapter);
      IllegalArgumentException unknown =
          assertThrows(IllegalArgumentException.class, () -> model.closeAdapter("law"));
      assertEquals("no adapter 'law' is open, only medicine, news", unknown.getMessage());
      model.closeAdapter("news");
      assertEquals(List.of("medicine"), model.adapters().stream().map(Adapter::name).toList());
      assertThrows(
          IllegalArgumentException.class, () -> model.encode(TEXTS, Prompt.document(), "news"));
      Path other = assemble("family-qwen3-peft").resolve("adapter");
      assertThrows(ModelException.class, () -> model.openAdapter("other", other.toString()));
      assertThrows(IllegalArgumentException.class, () -> model.openAdapter(" ", adapter));
    }
  }

  @Test
  void anAdapterThatAsksForOtherSettingsIsRefused() throws IOException {
    Path assembled = assemble("adapter-plain-encoder");
    Path adapter = assembled.resolve("adapter");
    Files.writeString(adapter.resolve("llm2vec_config.json"), "{\"pooling_mode\": \"eos_token\"}");
    Llm2VecOptions bidirectional = Llm2VecOptions.builder().enableBidirectional(true).build();
    try (Llm2Vec model = Llm2Vec.open(source(assembled.resolve("base")), bidirectional)) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class, () -> model.openAdapter("eos", adapter.toString()));
      assertTrue(
          refused.getMessage().startsWith("adapter 'eos' asks for another pooling"),
          refused::getMessage);
    }
  }

  /** {@code -Dllm2vec.long=true} checks ten thousand vectors. */
  @Test
  void noVectorIsAnotherAdaptersWhileAdaptersAreOpenedSwappedAndClosed() throws Exception {
    int wanted = Boolean.getBoolean("llm2vec.long") ? 10_000 : 600;
    long seed = System.nanoTime();
    List<String> kinds = List.of("adapter-plain-encoder", "adapter-rank-encoder", "adapter-rslora");
    List<String> folders = new ArrayList<>();
    for (String kind : kinds) {
      folders.add(assemble(kind).resolve("adapter").toString());
    }
    Path base = temporary.resolve(kinds.get(0)).resolve("base");
    Llm2VecOptions options = options().devices(TorchDevice.listOf("cpu,cpu")).threads(1).build();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Llm2Vec model = Llm2Vec.open(source(base), options)) {
      Map<String, float[][]> expected = new HashMap<>();
      for (String folder : folders) {
        Adapter adapter = model.openAdapter("reference", folder);
        expected.put(adapter.fingerprint(), model.encode(TEXTS, Prompt.document(), "reference"));
      }
      AtomicBoolean done = new AtomicBoolean();
      List<Future<Integer>> checks = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random random = new Random(seed + i);
        checks.add(threads.submit(() -> check(model, expected, wanted / 3, random)));
      }
      Random random = new Random(seed - 1);
      Future<Integer> swaps =
          threads.submit((Callable<Integer>) () -> swap(model, folders, done, random));
      int checked = 0;
      for (Future<Integer> check : checks) {
        checked += check.get();
      }
      done.set(true);
      assertTrue(checked >= wanted / 3 * 3, "seed " + seed);
      assertTrue(swaps.get() > 0);
    } finally {
      threads.shutdownNow();
    }
  }

  private static int swap(Llm2Vec model, List<String> folders, AtomicBoolean done, Random random)
      throws IOException {
    int swaps = 0;
    while (!done.get()) {
      String name = "slot" + random.nextInt(2);
      boolean open = model.adapters().stream().anyMatch(adapter -> adapter.name().equals(name));
      if (open && random.nextInt(3) == 0) {
        model.closeAdapter(name);
      } else {
        model.openAdapter(name, folders.get(random.nextInt(folders.size())));
      }
      swaps++;
    }
    return swaps;
  }

  /** Encodes with whatever is open at the moment, and compares with what that adapter gives. */
  private static int check(
      Llm2Vec model, Map<String, float[][]> expected, int wanted, Random random) {
    int checked = 0;
    while (checked < wanted) {
      List<TokenizedText> batch = new ArrayList<>();
      List<Integer> texts = new ArrayList<>();
      for (Adapter adapter : model.adapters()) {
        for (int i = 0; i < 3; i++) {
          int text = random.nextInt(TEXTS.size());
          texts.add(text);
          batch.add(model.tokenize(TEXTS.get(text), Prompt.document()).with(Optional.of(adapter)));
        }
      }
      if (batch.isEmpty()) {
        continue;
      }
      float[][] vectors = model.encode(batch);
      for (int i = 0; i < vectors.length; i++) {
        float[][] known = expected.get(batch.get(i).adapter().orElseThrow().fingerprint());
        assertArrayEquals(known[texts.get(i)], vectors[i], 1e-5f);
        checked++;
      }
    }
    return checked;
  }

  @Test
  void anAdapterThatWasClosedGoesOnForTextsUnderWay() throws IOException {
    Path assembled = assemble("adapter-plain-encoder");
    String folder = assembled.resolve("adapter").toString();
    try (Llm2Vec model = Llm2Vec.open(source(assembled.resolve("base")), options().build())) {
      Adapter adapter = model.openAdapter("it", folder);
      float[][] expected = model.encode(TEXTS, Prompt.document(), "it");
      List<TokenizedText> underWay =
          model.tokenizeAll(TEXTS, Prompt.document()).stream()
              .map(text -> text.with(Optional.of(adapter)))
              .toList();
      model.closeAdapter("it");
      System.gc();
      assertVectors(expected, model.encode(underWay), "closed");
      assertFalse(model.adapters().contains(adapter));
    }
  }
}
