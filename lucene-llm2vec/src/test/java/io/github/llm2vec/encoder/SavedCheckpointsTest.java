/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checkpoints as today's tools save them, each with the vectors that the tool's own library gives:
 * src/test/resources/saved-checkpoints/README.md describes the files and how they are made. More
 * cases lie in the folder that the system property {@code llm2vec.savedCheckpoints} names, if it is
 * set.
 */
class SavedCheckpointsTest {

  private static final Path CASES = Path.of("src/test/resources/saved-checkpoints");
  private static final String CASE = "case.json";
  private static final double FLOAT32 = 1e-5;
  private static final double BFLOAT16_COSINE = 0.9995;
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Map<String, Double> WORST = new TreeMap<>();

  private static final DocsTable TABLE =
      new DocsTable(
          "saved",
          """
          | family | saved by | checkpoints | documents, queries | largest difference, float32 |
          | --- | --- | ---: | ---: | ---: |
          """,
          1);

  /** What is compared of one family as one tool saves it. */
  private static final class Row {

    int checkpoints;
    int refused;
    int documents;
    int queries;
    double largest;

    String line(String familyAndTool) {
      return String.format(
          Locale.ROOT,
          "| %s | %d%s | %d, %d | %.1e |\n",
          familyAndTool,
          checkpoints,
          refused == 0 ? "" : ", and " + refused + " refused",
          documents,
          queries,
          largest);
    }
  }

  @TempDir Path temporary;

  static List<Path> cases() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String root :
        List.of(CASES.toString(), System.getProperty("llm2vec.savedCheckpoints", ""))) {
      if (root.isEmpty()) {
        continue;
      }
      try (Stream<Path> all = Files.walk(Path.of(root))) {
        all.filter(file -> file.endsWith(CASE)).map(Path::getParent).sorted().forEach(found::add);
      }
    }
    return found;
  }

  @AfterAll
  static void report() throws IOException {
    double worst = WORST.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    System.out.printf(
        Locale.ROOT, "saved checkpoints: %d cases, worst %.1e%n", WORST.size(), worst);
    if (Boolean.getBoolean("llm2vec.long")) {
      WORST.forEach((name, value) -> System.out.printf(Locale.ROOT, "%-40s %.1e%n", name, value));
    }
    Map<String, Row> rows = new TreeMap<>();
    for (Path folder : cases()) {
      JsonNode described = MAPPER.readTree(folder.resolve(CASE).toFile());
      String name = folder.getFileName().toString();
      boolean refused = described.has("refused");
      if (!folder.startsWith(CASES) || !(refused || described.has("vectors"))) {
        continue;
      }
      if (!refused && !WORST.containsKey(name)) {
        return; // a single case was run, or one failed
      }
      Row row =
          rows.computeIfAbsent(
              described.get("family").asText() + " | " + described.get("tool").asText(),
              key -> new Row());
      row.checkpoints += refused ? 0 : 1;
      row.refused += refused ? 1 : 0;
      for (JsonNode vector : described.path("vectors")) {
        row.documents += vector.get("role").asText().equals("document") ? 1 : 0;
        row.queries += vector.get("role").asText().equals("query") ? 1 : 0;
      }
      row.largest = Math.max(row.largest, WORST.getOrDefault(name, 0.0));
    }
    TABLE.check(rows.entrySet().stream().map(row -> row.getValue().line(row.getKey())).toList());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsTheToolsOwnLibrary(Path folder) throws IOException {
    JsonNode expected = MAPPER.readTree(folder.resolve(CASE).toFile());
    if (!expected.has("vectors") && !expected.has("refused")) {
      return; // Files that other cases build upon.
    }
    Path assembled = expected.has("base") ? assemble(folder, temporary.resolve("model")) : folder;
    List<String> adapters = new ArrayList<>();
    for (JsonNode adapter : expected.path("adapters")) {
      adapters.add(assembled.resolve(adapter.asText()).normalize().toString());
    }
    String model = assembled.resolve(expected.path("model").asText(".")).normalize().toString();
    ModelSource source = ModelSource.of(model, adapters, Map.of());
    Llm2VecOptions options = options(expected.path("options"));
    String name = folder.toString();
    if (expected.has("refused")) {
      Exception refusal =
          assertThrows(Exception.class, () -> Llm2Vec.open(source, options).close());
      assertTrue(refusal.getMessage().contains(expected.get("refused").asText()), name + refusal);
      CheckedCheckpointsTest.assertChecked(refusal.toString(), source, options, name);
      return;
    }
    try (Llm2Vec encoder = Llm2Vec.open(source, options)) {
      CheckedCheckpointsTest.assertChecked(
          CheckedCheckpointsTest.identity(encoder), source, options, name);
      for (JsonNode vector : expected.get("vectors")) {
        Prompt prompt =
            new Prompt(
                Role.valueOf(vector.get("role").asText().toUpperCase(Locale.ROOT)),
                vector.path("instruction").asText(""));
        String text = vector.get("text").asText();
        if (vector.has("error")) {
          Exception error =
              assertThrows(
                  IllegalArgumentException.class, () -> encoder.encodeOne(text, prompt), text);
          assertTrue(error.getMessage().contains(vector.get("error").asText()), error.toString());
          continue;
        }
        check(folder, expected, vector, encoder.encodeOne(text, prompt));
      }
    }
  }

  private static void check(Path folder, JsonNode expected, JsonNode wanted, float[] found) {
    String name = folder.getFileName().toString();
    String what = name + ", " + wanted.get("role").asText() + " '" + wanted.get("text") + "'";
    JsonNode values = wanted.get("vector");
    // Older cases record the first components only.
    if (!expected.path("partial").asBoolean()) {
      assertEquals(values.size(), found.length, what);
    }
    double dot = 0;
    double wantedSquares = 0;
    double foundSquares = 0;
    double largest = 0;
    double norm = 1;
    for (JsonNode value : values) {
      norm = Math.max(norm, Math.abs(value.asDouble()));
    }
    for (int i = 0; i < values.size(); i++) {
      double value = values.get(i).asDouble();
      dot += value * found[i];
      wantedSquares += value * value;
      foundSquares += (double) found[i] * found[i];
      largest = Math.max(largest, Math.abs(value - found[i]) / norm);
    }
    if (expected.path("options").path("dtype").asText().equals("bfloat16")) {
      double cosine = dot / Math.sqrt(wantedSquares * foundSquares);
      WORST.merge(name, 1 - cosine, Math::max);
      assertTrue(cosine >= BFLOAT16_COSINE, what + ": cosine " + cosine);
      return;
    }
    WORST.merge(name, largest, Math::max);
    double tolerance = expected.path("tolerance").asDouble(FLOAT32);
    assertTrue(largest <= tolerance, what + ": difference " + largest);
  }

  private static Llm2VecOptions options(JsonNode given) {
    Llm2VecOptions.Builder options = Llm2VecOptions.builder();
    given
        .properties()
        .forEach(
            option -> {
              JsonNode value = option.getValue();
              switch (option.getKey()) {
                case "pooling" -> options.pooling(Pooling.of(value.asText()));
                case "template" -> options.template(ChatTemplates.named(value.asText()));
                case "enable_bidirectional" -> options.enableBidirectional(value.asBoolean());
                case "skip_instruction" -> options.skipInstruction(value.asBoolean());
                case "normalize" -> options.normalize(value.asBoolean());
                case "max_length" -> options.maxLength(value.asInt());
                case "doc_max_length" -> options.docMaxLength(value.asInt());
                case "dims" -> options.dimensions(value.asInt());
                case "dtype" -> options.dtype(DType.of(value.asText()));
                case "compat" -> options.compatibility(Compatibility.parse(value.asText()));
                default -> throw new IllegalArgumentException(option.getKey());
              }
            });
    return options.build();
  }

  /** Lays the files of a case over those of its base, which may have a base itself. */
  static Path assemble(Path folder, Path target) throws IOException {
    Files.createDirectories(target);
    List<Path> layers = new ArrayList<>(List.of(folder));
    JsonNode description = MAPPER.readTree(folder.resolve(CASE).toFile());
    while (description.has("base")) {
      Path base = layers.get(0).resolve(description.get("base").asText()).normalize();
      layers.add(0, base);
      description = MAPPER.readTree(base.resolve(CASE).toFile());
    }
    for (Path layer : layers) {
      try (Stream<Path> all = Files.walk(layer)) {
        all.filter(Files::isRegularFile).forEach(file -> copy(layer, file, target));
      }
    }
    return target;
  }

  private static void copy(Path layer, Path file, Path target) {
    try {
      Path copy = target.resolve(layer.relativize(file).toString());
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
