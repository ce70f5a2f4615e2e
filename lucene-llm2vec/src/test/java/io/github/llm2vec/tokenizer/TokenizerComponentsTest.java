/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts of tokenizer.json over which the native library would abort the process. */
class TokenizerComponentsTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path CONFORMANCE = Path.of("src/test/resources/saved-checkpoints");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a", "\\s+", "[0-9]", "a|bc", "(?:ab)+", "(?i:x)y?", "[^\\]]{2,}", "\\p{L}", "[[:punct:]]",
        "a(?=b)", "(?<n>c)", "\\d{1,3}", "x+?", ".", "(?>ab)", "\\x{41}", " {2,}", "(a|b)c*"
      })
  void findsThatAPatternConsumes(String pattern) {
    assertFalse(RegexCheck.mayMatchNothing(pattern), pattern);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "a*", "x?", "^", "$", "\\b", "(?=a)", "(?<=q)", "a|", "|a", "(a|b*)", "(?:a?)+",
        "a{0,3}", "a{,3}", "a\\Kb", "(?x) a", "(?#a)", "(?i)", "()", "[a", "a)b", "(a", "\\",
        "(?~a)", "a{2}?", "(b)?\\1", "(?!x)"
      })
  void doubtsWhatMayMatchNothing(String pattern) {
    assertTrue(RegexCheck.mayMatchNothing(pattern), pattern);
  }

  /** Whatever Java's own matcher finds of length zero must have been doubted. */
  @Test
  void neverTrustsAPatternThatMatchesNothing() {
    Random random = new Random(7);
    String[] pieces = {
      "a", "b", "|", "(", ")", "(?:", "*", "+", "?", "{1,2}", "\\b", "[ab]", "^", "(?=b)"
    };
    for (int round = 0; round < 20_000; round++) {
      StringBuilder pattern = new StringBuilder();
      for (int i = random.nextInt(7); i >= 0; i--) {
        pattern.append(pieces[random.nextInt(pieces.length)]);
      }
      Pattern compiled;
      try {
        compiled = Pattern.compile(pattern.toString());
      } catch (IllegalArgumentException e) {
        continue;
      }
      Matcher matcher = compiled.matcher("ab ba bb a");
      while (matcher.find()) {
        if (matcher.end() == matcher.start()) {
          assertTrue(RegexCheck.mayMatchNothing(pattern.toString()), pattern.toString());
        }
      }
    }
  }

  @Test
  void readsDamagedRulesOrRefusesThem() throws IOException {
    ObjectNode json =
        (ObjectNode)
            MAPPER.readTree(CONFORMANCE.resolve("unigram-precompiled/tokenizer.json").toFile());
    ObjectNode normalizer = (ObjectNode) json.get("normalizer");
    byte[] rules = Base64.getDecoder().decode(normalizer.get("precompiled_charsmap").asText());
    Random random = new Random(11);
    int opened = 0;
    for (int round = 0; round < 60; round++) {
      byte[] damaged = rules.clone();
      for (int i = 0; i < 1 + round % 3; i++) {
        damaged[random.nextInt(round % 2 == 0 ? damaged.length : 4096)] ^=
            (byte) (1 << random.nextInt(8));
      }
      normalizer.put("precompiled_charsmap", Base64.getEncoder().encodeToString(damaged));
      Files.write(folder.resolve("tokenizer.json"), MAPPER.writeValueAsBytes(json));
      try (Tokenizer tokenizer = Tokenizer.open(folder)) {
        opened++;
        for (int c = 0; c < 0x3000; c += 64) {
          StringBuilder text = new StringBuilder();
          for (int i = 0; i < 64; i++) {
            text.append((char) (c + i));
          }
          tokenizer.encode(text.toString());
        }
      } catch (TokenizerFormatException e) {
        assertTrue(e.getMessage().contains("Precompiled"), e.getMessage());
      }
    }
    assertTrue(opened > 5, "opened " + opened);
  }

  @Test
  void refusesAnAddedTokenThatTheNormalizerDeletes() throws IOException {
    JsonNode json =
        MAPPER.readTree(CONFORMANCE.resolve("normalizer-replace-delete/tokenizer.json").toFile());
    ObjectNode token = (ObjectNode) json.at("/added_tokens/0");
    ((ObjectNode) json).set("normalizer", json.at("/normalizer/normalizers/0"));
    token.put("content", "123").put("normalized", true);
    Files.write(folder.resolve("tokenizer.json"), MAPPER.writeValueAsBytes(json));
    String message =
        assertThrows(TokenizerFormatException.class, () -> Tokenizer.open(folder)).getMessage();
    assertTrue(message.contains("leaves nothing of the added token '123'"), message);
    token.put("content", "12x");
    Files.write(folder.resolve("tokenizer.json"), MAPPER.writeValueAsBytes(json));
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertEquals(1, tokenizer.encode("x").length);
    }
  }
}
