/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Templates, EOS texts, shortening, separators and odd whitespace for twelve model names, as
 * upstream's own methods gave them; {@code make_preparation_cases.py} recorded them.
 */
class PreparationCasesTest {

  private static final Path RESOURCES = Path.of("src", "test", "resources");

  @TestFactory
  Stream<DynamicTest> preparesAsUpstream() throws IOException {
    JsonNode file =
        new ObjectMapper()
            .readTree(Files.readAllBytes(RESOURCES.resolve("preparation-cases.json")));
    return StreamSupport.stream(file.get("groups").spliterator(), false)
        .map(
            group ->
                DynamicTest.dynamicTest(
                    group.get("tokenizer").asText()
                        + " "
                        + group.get("name_or_path").asText()
                        + " "
                        + group.get("pooling_mode").asText()
                        + " "
                        + group.get("max_length").asText(),
                    () -> check(group, file)));
  }

  private static void check(JsonNode group, JsonNode file) throws IOException {
    Path folder = RESOURCES.resolve("checkpoints").resolve(group.get("tokenizer").asText());
    TextSettings settings =
        TextSettings.defaults(group.get("name_or_path").asText(), group.get("model_type").asText())
            .withPooling(Pooling.of(group.get("pooling_mode").asText()))
            .withLengths(group.get("max_length").asInt(), group.get("doc_max_length").asInt())
            .withCompatibility(Compatibility.UPSTREAM);
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      TextPreparation preparation = new TextPreparation(tokenizer, settings);
      for (JsonNode example : group.get("cases")) {
        String text = file.get("texts").get(example.get("text").asText()).asText();
        String instruction =
            file.get("instructions").get(example.get("instruction").asText()).asText();
        TokenizedText actual = preparation.prepare(text, Prompt.query(instruction));
        check(example, actual, tokenizer);
      }
    }
  }

  private static void check(JsonNode example, TokenizedText actual, Tokenizer tokenizer) {
    JsonNode array = example.get("ids");
    int[] ids = IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    if (ids.length == 0) {
      // Upstream fails on such a row alone; beside others it is all padding.
      ids = new int[] {tokenizer.eosId().orElseThrow()};
    }
    assertArrayEquals(ids, actual.ids(), example.toString());
    assertEquals(example.get("window").asInt(), actual.poolLength(), example.toString());
  }
}
