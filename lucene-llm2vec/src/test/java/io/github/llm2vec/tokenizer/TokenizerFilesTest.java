/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.Compatibility;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The small files beside tokenizer.json, in 32 combinations: ids, BOS, EOS and what is added around
 * a text, as transformers 4.44 gives them. {@code make_tokenizer_cases.py} recorded them.
 */
class TokenizerFilesTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path RESOURCES = Path.of("src", "test", "resources");

  @TempDir Path temporary;

  @TestFactory
  Stream<DynamicTest> givesIdsOfTransformers() throws IOException {
    JsonNode cases = MAPPER.readTree(Files.readAllBytes(RESOURCES.resolve("tokenizer-cases.json")));
    List<String> texts = new ArrayList<>();
    cases.get("texts").forEach(text -> texts.add(text.asText()));
    return StreamSupport.stream(cases.get("variants").spliterator(), false)
        .map(
            variant ->
                DynamicTest.dynamicTest(variant.get("name").asText(), () -> check(variant, texts)));
  }

  private void check(JsonNode variant, List<String> texts) throws IOException {
    TokenizerOptions options = Compatibility.UPSTREAM.tokenizerOptions();
    try (Tokenizer tokenizer = Tokenizer.open(write(variant), options)) {
      assertEquals(id(variant, "bos"), tokenizer.bosId(), "bos_token");
      assertEquals(id(variant, "eos"), tokenizer.eosId(), "eos_token");
      assertEquals(variant.get("largest").asInt() + 1, tokenizer.vocabSize(), "vocabulary");
      for (int i = 0; i < texts.size(); i++) {
        List<Integer> bare = Arrays.stream(tokenizer.encode(texts.get(i))).boxed().toList();
        List<Integer> framed = new ArrayList<>(tokenizer.prefixIds());
        framed.addAll(bare);
        framed.addAll(tokenizer.suffixIds());
        assertEquals(ids(variant.get("bare").get(i)), bare, texts.get(i));
        assertEquals(ids(variant.get("framed").get(i)), framed, texts.get(i));
      }
    }
  }

  private Path write(JsonNode variant) throws IOException {
    Path folder = Files.createDirectories(temporary.resolve(variant.get("name").asText()));
    Path source = RESOURCES.resolve("checkpoints").resolve(variant.get("tokenizer").asText());
    ObjectNode definition =
        (ObjectNode) MAPPER.readTree(Files.readAllBytes(source.resolve("tokenizer.json")));
    for (Map.Entry<String, JsonNode> change : variant.get("changes").properties()) {
      definition.set(change.getKey(), change.getValue());
    }
    Files.write(folder.resolve("tokenizer.json"), MAPPER.writeValueAsBytes(definition));
    for (Map.Entry<String, JsonNode> file : variant.get("files").properties()) {
      Files.write(folder.resolve(file.getKey()), MAPPER.writeValueAsBytes(file.getValue()));
    }
    return folder;
  }

  private static OptionalInt id(JsonNode variant, String role) {
    JsonNode id = variant.get(role);
    return id.isNull() ? OptionalInt.empty() : OptionalInt.of(id.asInt());
  }

  private static List<Integer> ids(JsonNode array) {
    return IntStream.range(0, array.size()).mapToObj(i -> array.get(i).asInt()).toList();
  }
}
