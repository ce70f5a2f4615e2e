/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every recorded case of every checkpoint against the Python LLM2Vec (transformers where LLM2Vec
 * does not know the model): token ids, pooling window and the normalised vector, alone and in a
 * mixed batch. src/test/python/README.md describes the files.
 */
@TestInstance(Lifecycle.PER_CLASS)
class CheckpointExactnessTest {

  private static final Path CHECKPOINTS = Path.of("src/test/resources/checkpoints");
  private static final double FLOAT32 = 1e-5;
  private static final double BFLOAT16_COSINE = 0.9995;

  private final Map<String, Double> worst = new HashMap<>();

  static List<Path> expectedFiles() throws IOException {
    try (Stream<Path> all = Files.walk(CHECKPOINTS)) {
      return all.filter(p -> p.getParent().getFileName().toString().equals("expected"))
          .filter(p -> !p.getFileName().toString().equals("hidden-states.json"))
          .filter(p -> p.toString().endsWith(".json"))
          .sorted()
          .toList();
    }
  }

  @AfterAll
  void report() {
    worst.forEach((what, value) -> System.out.println("worst " + what + ": " + value));
  }

  @ParameterizedTest
  @MethodSource("expectedFiles")
  void equalsPython(Path file) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(file.toFile());
    for (JsonNode group : expected.get("groups")) {
      checkGroup(file, expected, group);
    }
  }

  private void checkGroup(Path file, JsonNode expected, JsonNode group) throws IOException {
    String where = file.getParent().getParent().getFileName() + "/" + file.getFileName();
    where += " " + group.get("name").asText();
    try (Llm2Vec model = Llm2Vec.open(source(file, expected), options(expected, group))) {
      Map<Prompt, List<JsonNode>> byPrompt = new HashMap<>();
      for (JsonNode single : group.get("cases")) {
        Prompt prompt = prompt(single);
        String what = where + " " + single.get("text_name") + " " + prompt;
        checkTokens(model, single, prompt, what);
        float[] alone = model.encodeOne(single.get("text").asText(), prompt);
        checkVector(where, expected, single.get("embedding"), alone, what);
        byPrompt.computeIfAbsent(prompt, p -> new ArrayList<>()).add(single);
      }
      for (Map.Entry<Prompt, List<JsonNode>> entry : byPrompt.entrySet()) {
        List<String> texts = entry.getValue().stream().map(c -> c.get("text").asText()).toList();
        float[][] together = model.encode(texts, entry.getKey());
        for (int i = 0; i < together.length; i++) {
          JsonNode single = entry.getValue().get(i);
          checkVector(
              where,
              expected,
              single.get("embedding"),
              together[i],
              where + " in a batch: " + single.get("text_name"));
        }
      }
    }
  }

  private static void checkTokens(Llm2Vec model, JsonNode single, Prompt prompt, String what) {
    TokenizedText tokens = model.tokenize(single.get("text").asText(), prompt);
    assertArrayEquals(ints(single.get("ids")), tokens.ids(), what);
    int pooled = single.get("pool_length").asInt();
    boolean padding = model.settings().compatibility().has(CompatibilityFlag.EMPTY_POOLS_PADDING);
    boolean all = !model.settings().skipInstruction() || (pooled == 0 && !padding);
    assertEquals(all ? tokens.length() : pooled, tokens.poolLength(), what);
  }

  private void checkVector(
      String where, JsonNode expected, JsonNode embedding, float[] actual, String what) {
    double[] wanted = normalized(doubles(embedding));
    double[] found = normalized(doubles(actual));
    assertEquals(wanted.length, found.length, what);
    if (expected.path("dtype").asText().equals("bfloat16")) {
      double cosine = 0;
      for (int i = 0; i < wanted.length; i++) {
        cosine += wanted[i] * found[i];
      }
      worst.merge(where + " cosine", cosine, Math::min);
      assertTrue(cosine >= BFLOAT16_COSINE, what + ": cosine " + cosine);
      return;
    }
    for (int i = 0; i < wanted.length; i++) {
      worst.merge("float32", Math.abs(wanted[i] - found[i]), Math::max);
      assertEquals(wanted[i], found[i], FLOAT32, what + ", component " + i);
    }
  }

  private static ModelSource source(Path file, JsonNode expected) {
    Path folder = file.getParent().getParent();
    List<String> adapters = new ArrayList<>();
    Map<String, String> environment = Map.of("HF_HUB_CACHE", CHECKPOINTS.resolve("hub").toString());
    boolean byFolder = file.getFileName().toString().startsWith("by-folder");
    for (JsonNode adapter : expected.path("adapters")) {
      adapters.add(locate(folder, adapter.asText(), byFolder));
    }
    String base =
        expected.has("base")
            ? locate(folder, expected.get("base").asText(), byFolder)
            : folder.toString();
    return ModelSource.of(base, adapters, environment);
  }

  private static String locate(Path folder, String name, boolean byFolder) {
    if (!folder.endsWith("hub")) {
      return folder.resolve(name).toString();
    }
    if (!byFolder) {
      return name;
    }
    Path snapshots = folder.resolve("models--" + name.replace("/", "--")).resolve("snapshots");
    try (Stream<Path> all = Files.list(snapshots)) {
      return all.findFirst().orElseThrow().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Llm2VecOptions options(JsonNode expected, JsonNode group) {
    Llm2VecOptions.Builder builder =
        Llm2VecOptions.builder()
            .enableBidirectional(expected.get("attention").asText().equals("bidirectional"));
    if (expected.path("dtype").asText().equals("bfloat16")) {
      builder.dtype(DType.BFLOAT16);
    }
    if (expected.get("style").asText().equals("llm2vec")) {
      builder.compatibility(compatibility(group));
    }
    JsonNode options = group.get("options");
    if (expected.path("options_from_file").asBoolean()) {
      return builder.build();
    }
    builder
        .pooling(Pooling.of(options.get("pooling_mode").asText()))
        .maxLength(options.get("max_length").asInt());
    if (options.has("doc_max_length")) {
      builder.docMaxLength(options.get("doc_max_length").asInt());
    }
    if (options.has("skip_instruction")) {
      builder.skipInstruction(options.get("skip_instruction").asBoolean());
    }
    return builder.build();
  }

  /**
   * Texts of any length were shortened and separated as upstream does it. Of nothing to pool, its
   * weighted mean makes the zero vector; what its mean makes depends on the other texts and is
   * recorded for a text alone as the mean over all its tokens.
   */
  private static Compatibility compatibility(JsonNode group) {
    Compatibility compatibility =
        Compatibility.PUBLISHED
            .with(CompatibilityFlag.WORD_SHORTENING)
            .with(CompatibilityFlag.SEPARATOR_IN_TEXT)
            .with(CompatibilityFlag.LITERAL_EOS);
    return group.get("options").path("pooling_mode").asText().equals("weighted_mean")
        ? compatibility.with(CompatibilityFlag.EMPTY_POOLS_PADDING)
        : compatibility;
  }

  private static Prompt prompt(JsonNode single) {
    String instruction = single.get("instruction").asText();
    return single.get("role").asText().equals("query")
        ? Prompt.query(instruction)
        : Prompt.document(instruction);
  }

  private static double[] normalized(double[] vector) {
    double norm = Math.max(1e-12, Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum()));
    return Arrays.stream(vector).map(x -> x / norm).toArray();
  }

  private static double[] doubles(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asDouble();
    }
    return values;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
