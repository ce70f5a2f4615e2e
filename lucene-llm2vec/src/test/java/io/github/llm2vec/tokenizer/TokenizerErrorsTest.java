/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Damaged, hostile and contradictory tokenizer files. Some of these abort the process unchecked.
 */
class TokenizerErrorsTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path SOURCE =
      Path.of("src", "test", "resources", "checkpoints", "llama-mha", "tokenizer.json");

  @TempDir Path folder;
  private ObjectNode definition;

  @BeforeEach
  void readDefinition() throws IOException {
    definition = (ObjectNode) MAPPER.readTree(Files.readAllBytes(SOURCE));
  }

  @Test
  void namesTheMissingFile() {
    String message = failure();
    assertTrue(
        message.startsWith(folder.resolve("tokenizer.json") + ": there is no such file"), message);
    assertTrue(message.contains("save_pretrained"), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``               | expected a JSON object",
        "`garbage`        | not readable as JSON",
        "`[]`             | expected a JSON object",
        "`null`           | expected a JSON object",
        "`{}`             | there is no 'model' in it",
        "`{\"model\":[]}` | there is no 'model' in it",
        "`{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}` | must have merges",
        "`{\"model\":{\"type\":\"Byte\",\"vocab\":{}}}` | got 'Byte'",
        "`{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\"]]}}` | piece 0",
        "`{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",0],[\"b\",NaN]]}}` | JSON",
        "`{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}}` | entry 'a'",
        "`{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":99999999999},\"merges\":[]}}` | int",
        "`{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}` | `b`",
        "`{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}} x` | JSON",
      })
  void refusesWhatIsNoTokenizer(String content, String expected) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), content == null ? "" : content);
    String message = failure();
    assertTrue(message.contains("tokenizer.json"), message);
    assertTrue(message.contains(expected), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/normalizer | `{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AQID\"}` | normalizer",
        "/normalizer | `{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\"},{\"type\":\"NFD\"}]}` | prepend",
        "/normalizer | `{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"x\"}` | Replace",
        "/normalizer | `{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"x|y*\"},\"content\":\"x\"}` | Replace",
        "/normalizer | `7` | normalizer",
        "/pre_tokenizer | `{\"type\":\"FixedLength\",\"length\":0}` | FixedLength",
        "/pre_tokenizer | `{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+$\"},\"behavior\":\"Isolated\",\"invert\":false}` | forever",
        "/pre_tokenizer | `{\"type\":\"Split\",\"pattern\":{\"Regex\":\"((([\"},\"behavior\":\"Isolated\",\"invert\":false}` | refused",
        "/pre_tokenizer | `{\"type\":\"Unknown\"}` | pre_tokenizer",
        "/model/continuing_subword_prefix | `\"much too long\"` | continuing_subword_prefix",
        "/model/dropout | `0.1` | dropout",
        "/model/merges | `[\"a\"]` | refused",
        "/post_processor/single | `[{\"SpecialToken\":{\"id\":\"<gone>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]` | <gone>",
        "/post_processor/single | `[]` | 0 times",
        "/post_processor/type | `\"Odd\"` | Odd",
        "/added_tokens | `[7]` | added_tokens",
        "/added_tokens | `[{\"id\":5}]` | content",
      })
  void refusesPartsThatItCannotTrust(String pointer, String value, String expected)
      throws IOException {
    int last = pointer.lastIndexOf('/');
    ObjectNode parent =
        last == 0 ? definition : (ObjectNode) definition.at(pointer.substring(0, last));
    parent.set(pointer.substring(last + 1), MAPPER.readTree(value));
    write();
    String message = failure();
    assertTrue(message.contains("tokenizer.json"), message);
    assertTrue(message.contains(expected), message);
  }

  @Test
  void refusesATruncatedFile() throws IOException {
    byte[] bytes = Files.readAllBytes(SOURCE);
    Files.write(folder.resolve("tokenizer.json"), Arrays.copyOf(bytes, bytes.length / 2));
    assertTrue(failure().contains("not readable as JSON"));
  }

  @Test
  void refusesBytesThatAreNotUtf8() throws IOException {
    byte[] bytes = "{\"model\":{\"type\":\"B_E\"}}".getBytes(StandardCharsets.US_ASCII);
    bytes[bytes.length - 5] = (byte) 0xC3;
    Files.write(folder.resolve("tokenizer.json"), bytes);
    assertTrue(failure().contains("not readable as JSON"));
  }

  @Test
  void refusesEndlessNesting() throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), "{\"normalizer\":" + "[".repeat(100_000));
    assertTrue(failure().contains("not readable as JSON"));
  }

  @Test
  void namesTheDamagedSmallFile() throws IOException {
    write();
    for (String name : new String[] {"tokenizer_config.json", "config.json"}) {
      Files.writeString(folder.resolve(name), "{");
      assertTrue(failure().contains(name), name);
      Files.writeString(folder.resolve(name), "[]");
      assertTrue(failure().contains(name + ": expected a JSON object"), name);
      Files.delete(folder.resolve(name));
    }
    Files.writeString(
        folder.resolve("tokenizer_config.json"), "{\"added_tokens_decoder\":{\"x\":{}}}");
    assertTrue(failure().contains("bad entry 'x'"));
  }

  @Test
  void saysWhichTokenIsMissingForTheFrame() throws IOException {
    write();
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\":\"LlamaTokenizer\",\"bos_token\":null,\"add_bos_token\":true}");
    assertTrue(failure().contains("names no bos_token"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\":\"LlamaTokenizer\",\"eos_token\":null,\"add_eos_token\":true}");
    assertTrue(failure().contains("names no eos_token"));
  }

  @Test
  void refusesATextWithATokenBeyondTheEmbedding() throws IOException {
    ObjectNode added = ((ArrayNode) definition.get("added_tokens")).addObject();
    added.put("id", 0).put("content", "<image>").put("special", true);
    for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
      added.put(flag, false);
    }
    write();
    int rows;
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      rows = tokenizer.vocabSize() - 1;
    }
    try (Tokenizer tokenizer =
        Tokenizer.open(folder, TokenizerOptions.DEFAULTS.withEmbeddingRows(rows))) {
      assertTrue(tokenizer.encode("an image").length > 0);
      Exception error =
          assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("an <image>"));
      assertTrue(
          error.getMessage().contains("token '<image>' (id " + rows + ")"), error.getMessage());
      assertThrows(IllegalArgumentException.class, () -> tokenizer.encodeWithSpans("an <image>"));
      int kept = tokenizer.encode("an image").length;
      assertTrue(tokenizer.encodePrefix("an image<image>", kept).length > kept);
      assertThrows(IllegalArgumentException.class, () -> tokenizer.encodePrefix("<image>", kept));
    }
    // Every text has a BOS.
    String message =
        assertThrows(
                TokenizerFormatException.class,
                () -> Tokenizer.open(folder, TokenizerOptions.DEFAULTS.withEmbeddingRows(1)))
            .getMessage();
    assertTrue(message.contains("not of the same model"), message);
  }

  @Test
  void cutsTheMaskTokenOutOnlyIfAsked() throws IOException {
    // GPT-2 has "_" and joins two of them.
    definition = (ObjectNode) MAPPER.readTree(RealTokenizers.json("gpt2"));
    for (boolean saved : new boolean[] {false, true}) {
      JsonNode underscore = definition.at("/model/vocab/_");
      if (saved) {
        ObjectNode added = ((ArrayNode) definition.get("added_tokens")).addObject();
        added.put("id", underscore.asInt()).put("content", "_").put("special", true);
        added.put("single_word", false).put("lstrip", false).put("rstrip", false);
        added.put("normalized", false);
      }
      write();
      Files.writeString(folder.resolve("tokenizer_config.json"), "{\"mask_token\":\"_\"}");
      int[] atomic = encode(TokenizerOptions.DEFAULTS);
      int[] ordinary =
          encode(
              new TokenizerOptions(
                  false, TokenizerOptions.Frame.WRITTEN, false, Integer.MAX_VALUE));
      Files.delete(folder.resolve("tokenizer_config.json"));
      if (!saved) {
        assertArrayEquals(encode(TokenizerOptions.DEFAULTS), ordinary);
      }
      assertTrue(!Arrays.equals(atomic, ordinary), "saved " + saved);
    }
  }

  private int[] encode(TokenizerOptions options) throws IOException {
    try (Tokenizer tokenizer = Tokenizer.open(folder, options)) {
      return tokenizer.encode("a__b _c");
    }
  }

  @Test
  void refusesTextsThatWouldBringTheLibraryDown() throws IOException {
    write();
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      String spaces = " ".repeat(Tokenizer.MAX_CHARACTERS + 1);
      Exception error =
          assertThrows(IllegalArgumentException.class, () -> tokenizer.encode(spaces));
      assertTrue(error.getMessage().contains("2000000"), error.getMessage());
      assertThrows(IllegalArgumentException.class, () -> tokenizer.encodeWithSpans(spaces));
      assertTrue(tokenizer.encodePrefix(spaces, 8).length >= 8);
    }
  }

  @Test
  void failsAfterClosingAndClosesTwice() throws IOException {
    write();
    Tokenizer tokenizer = Tokenizer.open(folder);
    assertEquals(0, tokenizer.encode("").length);
    tokenizer.close();
    tokenizer.close();
    assertThrows(IllegalStateException.class, () -> tokenizer.encode("a"));
    assertThrows(IllegalStateException.class, () -> tokenizer.encodeWithSpans("a"));
  }

  private void write() throws IOException {
    Files.write(folder.resolve("tokenizer.json"), MAPPER.writeValueAsBytes(definition));
  }

  private String failure() {
    return assertThrows(TokenizerFormatException.class, () -> Tokenizer.open(folder)).getMessage();
  }
}
