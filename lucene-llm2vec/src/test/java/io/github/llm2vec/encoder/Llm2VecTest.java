/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** What callers rely on whatever the model is, shown on a real one. */
@TestInstance(Lifecycle.PER_CLASS)
class Llm2VecTest {

  private static final Path MODEL = Path.of("src/test/resources/checkpoints/stories260K");
  private static final float ROUNDING = 1e-5f;

  private Llm2Vec model;

  @BeforeAll
  void open() throws IOException {
    model = open(Llm2VecOptions.builder().normalize(true).build());
  }

  @AfterAll
  void close() {
    model.close();
  }

  private static Llm2Vec open(Llm2VecOptions options) throws IOException {
    return Llm2Vec.open(ModelSource.of(MODEL.toString(), List.of(), Map.of()), options);
  }

  @Test
  void warmingUpChangesNoVector() throws IOException {
    List<String> texts = List.of("one", "a text of a few words", "", "word ".repeat(100));
    try (Llm2Vec cold = open(Llm2VecOptions.defaults());
        Llm2Vec warm = open(Llm2VecOptions.defaults())) {
      warm.warmUp();
      for (String text : texts) {
        assertArrayEquals(
            cold.encodeOne(text, Prompt.query()), warm.encodeOne(text, Prompt.query()), text);
      }
    }
  }

  @Test
  void orderAndCompanyOfTextsDoNotChangeTheirVectors() throws IOException {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<String> texts = randomTexts(random, 60);
    float[][] alone = new float[texts.size()][];
    for (int i = 0; i < alone.length; i++) {
      alone[i] = model.encodeOne(texts.get(i), Prompt.document());
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    for (int budget : new int[] {16, 100, 4096}) {
      try (Llm2Vec other =
          open(Llm2VecOptions.builder().normalize(true).maxBatchTokens(budget).build())) {
        float[][] together =
            other.encode(order.stream().map(texts::get).toList(), Prompt.document());
        for (int i = 0; i < together.length; i++) {
          assertArrayEquals(
              alone[order.get(i)], together[i], ROUNDING, "budget " + budget + ", seed " + seed);
        }
      }
    }
  }

  @Test
  void manyThreadsGetTheVectorsOfOne() {
    List<String> texts = randomTexts(new Random(7), 40);
    float[][] expected = model.encode(texts, Prompt.document());
    List<CompletableFuture<float[][]>> calls = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      calls.add(CompletableFuture.supplyAsync(() -> model.encode(texts, Prompt.document())));
    }
    for (CompletableFuture<float[][]> call : calls) {
      float[][] actual = call.join();
      for (int i = 0; i < expected.length; i++) {
        assertArrayEquals(expected[i], actual[i], ROUNDING);
      }
    }
  }

  @Test
  void noTextsGiveNoVectorsAndAnEmptyTextGivesOne() {
    assertEquals(0, model.encode(List.of(), Prompt.document()).length);
    float[] vector = model.encodeOne("", Prompt.document());
    assertEquals(model.dimensions(), vector.length);
    assertEquals(1, length(vector), 1e-5);
  }

  @Test
  void aTextOfWhichNothingIsPooledLeavesItsNeighboursAlone() throws IOException {
    for (Pooling pooling : List.of(Pooling.MAX, Pooling.CLS)) {
      try (Llm2Vec upstream =
          open(
              Llm2VecOptions.builder()
                  .pooling(pooling)
                  .compatibility(Compatibility.UPSTREAM)
                  .build())) {
        float[][] together = upstream.encode(List.of("", "A boat."), Prompt.document());
        assertArrayEquals(new float[upstream.dimensions()], together[0]);
        assertArrayEquals(upstream.encodeOne("A boat.", Prompt.document()), together[1], ROUNDING);
      }
    }
  }

  @Test
  void shortenedVectorsAreTheFirstDimensionsScaledAgain() throws IOException {
    float[] whole = model.encodeOne("A boat on the sea.", Prompt.document());
    try (Llm2Vec shorter = open(Llm2VecOptions.builder().normalize(true).dimensions(16).build())) {
      float[] cut = shorter.encodeOne("A boat on the sea.", Prompt.document());
      assertEquals(16, cut.length);
      assertEquals(1, length(cut), 1e-5);
      double factor = cut[0] / whole[0];
      for (int i = 0; i < 16; i++) {
        assertEquals(whole[i] * factor, cut[i], ROUNDING);
      }
      assertNotEquals(model.fingerprint(), shorter.fingerprint());
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> open(Llm2VecOptions.builder().dimensions(65).build()).close());
  }

  @Test
  void theFingerprintIsTheSameInEveryProcessAndFollowsWhatShapesVectors() throws IOException {
    assertEquals(64, model.fingerprint().length());
    try (Llm2Vec same =
            open(Llm2VecOptions.builder().normalize(true).dtype(DType.BFLOAT16).build());
        Llm2Vec raw = open(Llm2VecOptions.defaults());
        Llm2Vec last =
            open(Llm2VecOptions.builder().normalize(true).pooling(Pooling.LAST_TOKEN).build())) {
      assertEquals(model.fingerprint(), same.fingerprint());
      assertNotEquals(model.fingerprint(), raw.fingerprint());
      assertNotEquals(model.fingerprint(), last.fingerprint());
    }
  }

  @Test
  void aTextWithATokenBeyondTheEmbeddingIsRefused(@TempDir Path folder) throws IOException {
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(MODEL.resolve(file), folder.resolve(file));
    }
    String json = Files.readString(MODEL.resolve("tokenizer.json"));
    String added =
        "{\"id\": 512, \"content\": \"<extra>\", \"single_word\": false, \"lstrip\": false,"
            + " \"rstrip\": false, \"normalized\": false, \"special\": true}";
    Files.writeString(
        folder.resolve("tokenizer.json"),
        json.replaceFirst("(\"added_tokens\":\\s*\\[)", "$1" + added + ","));
    try (Llm2Vec model = Llm2Vec.open(folder)) {
      assertEquals(2, model.encode(List.of("a", "b"), Prompt.document()).length);
      IllegalArgumentException failure =
          assertThrows(
              IllegalArgumentException.class,
              () -> model.encode(List.of("a", "b <extra>"), Prompt.document()));
      assertTrue(failure.getMessage().contains("'<extra>' (id 512)"), failure.getMessage());
    }
  }

  @Test
  void refusesWorkOnceClosed() throws IOException {
    Llm2Vec closed = open(Llm2VecOptions.defaults());
    closed.close();
    closed.close();
    assertThrows(IllegalStateException.class, () -> closed.encode(List.of("a"), Prompt.document()));
  }

  private static List<String> randomTexts(Random random, int count) {
    String words = "once upon a time there was a little girl who loved boats and the wide sea";
    List<String> vocabulary = List.of(words.split(" ", -1));
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(40); n >= 0; n--) {
        text.append(vocabulary.get(random.nextInt(vocabulary.size()))).append(' ');
      }
      texts.add(text.toString());
    }
    return texts;
  }

  private static double length(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }
}
