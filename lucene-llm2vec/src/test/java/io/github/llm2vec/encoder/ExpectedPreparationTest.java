/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/**
 * Token ids and pooling windows of every case that the Python LLM2Vec recorded for the tiny
 * checkpoints, hundreds of them over nine tokenizers.
 */
class ExpectedPreparationTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path CHECKPOINTS = Path.of("src", "test", "resources", "checkpoints");

  private static final Map<String, String> TEMPLATES =
      Map.of(
          "e5-mistral", "e5",
          "gemma3-text", "embedding-gemma",
          "llama-bidirec", "nemotron",
          "qwen3-embedding", "qwen3-embedding");

  /** A text with two BOS is an error with it; which the recorded cases have too. */
  private static final Compatibility UPSTREAM =
      Compatibility.UPSTREAM.without(CompatibilityFlag.EVERY_BOS);

  @TestFactory
  Stream<DynamicTest> givesIdsAndWindowsOfUpstream() throws IOException {
    return expectedFiles("llm2vec").map(file -> test(file, () -> checkFile(file)));
  }

  @TestFactory
  Stream<DynamicTest> givesIdsOfModelsThatUpstreamDoesNotKnow() throws IOException {
    return expectedFiles("sentence").map(file -> test(file, () -> checkSentenceFile(file)));
  }

  private static void checkFile(Path file) throws IOException {
    JsonNode expected = read(file);
    Path folder = folder(file, expected);
    int cases = 0;
    try (Tokenizer tokenizer = Tokenizer.open(folder, UPSTREAM.tokenizerOptions())) {
      for (JsonNode group : expected.get("groups")) {
        JsonNode options = group.get("options");
        boolean skip = options.get("skip_instruction").asBoolean();
        TextSettings settings =
            TextSettings.defaults(expected.get("name_or_path").asText(), modelType(folder))
                .withPooling(Pooling.of(options.get("pooling_mode").asText()))
                .withLengths(
                    options.get("max_length").asInt(), options.get("doc_max_length").asInt())
                .withSkipInstruction(skip)
                .withCompatibility(UPSTREAM);
        TextPreparation preparation = new TextPreparation(tokenizer, settings);
        for (JsonNode example : group.get("cases")) {
          check(preparation, example, file + " " + group.get("name"), skip);
          cases++;
        }
      }
    }
    assertTrue(cases > 0, "no cases in " + file);
  }

  private static void check(
      TextPreparation preparation, JsonNode example, String where, boolean skip) {
    String name = where + " " + example.get("text_name") + " " + example.get("instruction");
    Role role = example.get("role").asText().equals("query") ? Role.QUERY : Role.DOCUMENT;
    Prompt prompt = new Prompt(role, example.get("instruction").asText());
    TokenizedText actual = preparation.prepare(example.get("text").asText(), prompt);
    int[] ids = ids(example);
    assertArrayEquals(ids, actual.ids(), name);
    int window = skip ? example.get("pool_length").asInt() : ids.length;
    assertEquals(window, actual.poolLength(), name);
  }

  private static void checkSentenceFile(Path file) throws IOException {
    JsonNode expected = read(file);
    Path folder = folder(file, expected);
    ChatTemplate template = ChatTemplates.named(TEMPLATES.get(folder.getFileName().toString()));
    assertEquals(expected.get("instruction_template").asText(), template.queryPattern());
    assertEquals(expected.get("document_template").asText(), template.documentPattern());
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      for (JsonNode group : expected.get("groups")) {
        JsonNode options = group.get("options");
        int maxLength = options.get("max_length").asInt();
        TextSettings settings =
            TextSettings.defaults("", modelType(folder))
                .withTemplate(template)
                .withPooling(Pooling.of(options.get("pooling_mode").asText()))
                .withLengths(maxLength, maxLength)
                .withSkipInstruction(false);
        TextPreparation preparation = new TextPreparation(tokenizer, settings);
        for (JsonNode example : group.get("cases")) {
          check(preparation, example, file + " " + group.get("name"), false);
        }
      }
    }
  }

  private static Path folder(Path file, JsonNode expected) throws IOException {
    Path home = file.getParent().getParent();
    if (!expected.has("base")) {
      return home;
    }
    String base = expected.get("base").asText();
    if (!base.contains("/")) {
      return home.resolve(base);
    }
    Path snapshots = home.resolve("models--" + base.replace("/", "--")).resolve("snapshots");
    try (Stream<Path> list = Files.list(snapshots)) {
      return list.findFirst().orElseThrow();
    }
  }

  private static String modelType(Path folder) throws IOException {
    Path config = folder.resolve("config.json");
    return Files.exists(config) ? read(config).get("model_type").asText() : "llama";
  }

  private static Stream<Path> expectedFiles(String style) throws IOException {
    try (Stream<Path> files = Files.walk(CHECKPOINTS)) {
      List<Path> found =
          files
              .filter(file -> file.getParent().endsWith("expected"))
              .filter(file -> readUnchecked(file).path("style").asText().equals(style))
              .sorted()
              .toList();
      assertTrue(!found.isEmpty(), "no expected files of style " + style);
      return found.stream();
    }
  }

  private static DynamicTest test(Path file, Executable check) {
    return DynamicTest.dynamicTest(CHECKPOINTS.relativize(file).toString(), check);
  }

  private static int[] ids(JsonNode example) {
    return StreamSupport.stream(example.get("ids").spliterator(), false)
        .mapToInt(JsonNode::asInt)
        .toArray();
  }

  private static JsonNode read(Path file) throws IOException {
    return MAPPER.readTree(Files.readAllBytes(file));
  }

  private static JsonNode readUnchecked(Path file) {
    try {
      return read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
