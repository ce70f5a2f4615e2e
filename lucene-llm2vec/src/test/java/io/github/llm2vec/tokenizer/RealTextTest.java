/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real tokenizers on real text in 156 languages against the Python library's ids. */
class RealTextTest {

  private static final int HASH_DIGITS = 16;
  private static final int COMPOSED = 2;

  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "mistral-7b-v0.1", "qwen2"})
  void givesIdsOfThePythonLibrary(String name) throws Exception {
    List<JsonNode> lines = lines();
    assertTrue(lines.size() > 1400, "lines: " + lines.size());
    try (Tokenizer tokenizer = RealTokenizers.open(name, temporary)) {
      for (JsonNode line : lines) {
        int[] ids = framed(tokenizer, line.get("text").asText());
        JsonNode expected = line.get("ids").get(name);
        assertEquals(expected.get(0).asInt(), ids.length, line.get("text").asText());
        assertEquals(expected.get(1).asText(), hash(ids), line.get("text").asText());
      }
    }
  }

  /** Odd strings with the ids that llama.cpp's authors got from the Python tokenizers. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "qwen2"})
  void givesIdsOfTheVectorsOfLlamaCpp(String name) throws Exception {
    String file = Files.readString(RealTokenizers.RESOURCES.resolve("llama.cpp-vectors.inp"));
    String[] texts = file.split("\n__ggml_vocab_test__\n", -1);
    Path ids = RealTokenizers.RESOURCES.resolve(name).resolve("llama.cpp-vectors.out");
    List<String> expected = Files.readAllLines(ids);
    assertEquals(46, expected.size());
    try (Tokenizer tokenizer = RealTokenizers.open(name, temporary)) {
      for (int i = 0; i < expected.size(); i++) {
        String actual =
            Arrays.stream(tokenizer.encode(texts[i]))
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(" "));
        assertEquals(expected.get(i).strip(), actual, texts[i]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "mistral-7b-v0.1", "qwen2"})
  void cutsLongTextsWithoutChangingTheirFirstIds(String name) throws Exception {
    long seed = System.nanoTime();
    System.err.println("RealTextTest seed " + seed);
    Random random = new Random(seed);
    List<String> lines = lines().stream().map(line -> line.get("text").asText()).toList();
    int shorter = 0;
    try (Tokenizer tokenizer = RealTokenizers.open(name, temporary)) {
      for (int round = 0; round < 60; round++) {
        String text = longText(random, lines);
        int wanted = 1 + random.nextInt(300);
        int[] all = tokenizer.encode(text);
        int[] first = tokenizer.encodePrefix(text, wanted);
        assertTrue(first.length >= Math.min(wanted, all.length), "seed " + seed);
        assertArrayEquals(Arrays.copyOf(all, first.length), first, "seed " + seed + ": " + text);
        shorter += first.length < all.length ? 1 : 0;
      }
    }
    assertTrue(shorter > 30, "cut only " + shorter + " of 60 texts");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "mistral-7b-v0.1", "qwen2"})
  void givesSpansThatSpellTheText(String name) throws Exception {
    try (Tokenizer tokenizer = RealTokenizers.open(name, temporary)) {
      for (JsonNode line : lines().subList(0, 400)) {
        String text = line.get("text").asText();
        TokenSpans spans = tokenizer.encodeWithSpans(text);
        assertArrayEquals(tokenizer.encode(text), spans.ids(), text);
        int covered = 0;
        for (int i = 0; i < spans.size(); i++) {
          // Qwen2 composes characters first, which leaves some out between two spans.
          assertTrue(spans.start(i) <= covered + COMPOSED, "gap before token " + i + ": " + text);
          covered = Math.max(covered, spans.end(i));
        }
        assertTrue(covered > text.length() - COMPOSED && covered <= text.length(), text);
      }
    }
  }

  /** Lines in many scripts, joined by what stands between sentences and by special tokens. */
  private static String longText(Random random, List<String> lines) {
    List<String> joints =
        List.of(" ", "\n", "", "  \n", "<|im_end|>", " </s> ", "_", "。", "\u0301");
    StringBuilder text = new StringBuilder();
    while (text.length() < 6000) {
      text.append(lines.get(random.nextInt(lines.size())));
      text.append(joints.get(random.nextInt(joints.size())));
    }
    return text.toString();
  }

  private static int[] framed(Tokenizer tokenizer, String text) {
    int[] ids = tokenizer.encode(text);
    return IntStream.concat(
            tokenizer.prefixIds().stream().mapToInt(Integer::intValue),
            IntStream.concat(
                Arrays.stream(ids), tokenizer.suffixIds().stream().mapToInt(Integer::intValue)))
        .toArray();
  }

  private static String hash(int[] ids) throws NoSuchAlgorithmException {
    String text = Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(" "));
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
    return HexFormat.of().formatHex(digest).substring(0, HASH_DIGITS);
  }

  private static List<JsonNode> lines() throws IOException {
    Path packed = RealTokenizers.RESOURCES.resolve("lines.jsonl.gz");
    List<JsonNode> lines = new ArrayList<>();
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed));
        MappingIterator<JsonNode> values =
            new ObjectMapper().readerFor(JsonNode.class).readValues(in)) {
      values.forEachRemaining(lines::add);
    }
    return lines;
  }
}
