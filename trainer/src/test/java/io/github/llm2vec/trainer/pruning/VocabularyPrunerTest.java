/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.pruning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real tokenizers, cut to what lines in many languages use, as the tokenizers library runs them.
 */
class VocabularyPrunerTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path RESOURCES = Path.of("../lucene-llm2vec/src/test/resources");

  @TempDir Path folder;

  private static List<String> lines() throws IOException {
    List<String> lines = new ArrayList<>();
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(RESOURCES.resolve("tokenizers/lines.jsonl.gz")))) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        String text = JSON.readTree(line).path("text").asText();
        if (!text.isEmpty()) {
          lines.add(text);
        }
      }
    }
    return lines;
  }

  private Tokenizer open(String name, ObjectNode json) throws IOException {
    Path where = Files.createDirectories(folder.resolve(name));
    JSON.writeValue(where.resolve("tokenizer.json").toFile(), json);
    return Tokenizer.open(where);
  }

  private static Map<Integer, String> contents(ObjectNode tokenizer) {
    Map<Integer, String> contents = new HashMap<>();
    JsonNode vocabulary = tokenizer.path("model").path("vocab");
    for (int i = 0; vocabulary.isArray() && i < vocabulary.size(); i++) {
      contents.put(i, vocabulary.get(i).get(0).asText());
    }
    vocabulary.fields().forEachRemaining(e -> contents.put(e.getValue().asInt(), e.getKey()));
    tokenizer
        .path("added_tokens")
        .forEach(token -> contents.put(token.path("id").asInt(), token.path("content").asText()));
    return contents;
  }

  private void check(ObjectNode whole, List<String> corpus, List<String> others)
      throws IOException {
    Set<Integer> used = new TreeSet<>();
    try (Tokenizer before = open("whole", whole)) {
      for (String line : corpus) {
        for (int id : before.encode(line)) {
          used.add(id);
        }
      }
      VocabularyPruner.Pruned pruned = VocabularyPruner.prune(whole, used);
      Map<Integer, String> old = contents(whole);
      Map<Integer, String> now = contents(pruned.tokenizer());
      assertTrue(now.size() < old.size());
      assertEquals(pruned.kept().size(), now.size());
      for (int id = 0; id < pruned.kept().size(); id++) {
        assertEquals(old.get(pruned.kept().get(id)), now.get(id));
      }
      try (Tokenizer after = open("pruned", pruned.tokenizer())) {
        for (String line : corpus) {
          int[] ids = before.encode(line);
          for (int i = 0; i < ids.length; i++) {
            ids[i] = pruned.newId(ids[i]);
          }
          assertArrayEquals(ids, after.encode(line), line);
        }
        assertEquals(before.prefixIds().stream().map(pruned::newId).toList(), after.prefixIds());
        for (String line : others) {
          for (int id : after.encode(line)) {
            assertTrue(id < now.size());
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "qwen2", "mistral-7b-v0.1"})
  void linesAreCutIntoTheSamePieces(String name) throws IOException {
    Path file = RESOURCES.resolve("tokenizers/" + name + "/tokenizer.json.gz");
    ObjectNode whole;
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      whole = (ObjectNode) JSON.readTree(in);
    }
    List<String> lines = lines();
    check(whole, lines.subList(0, 200), lines.subList(200, 300));
  }

  @Test
  void aUnigramModelKeepsItsScores() throws IOException {
    String json =
        """
        {"version": "1.0", "truncation": null, "padding": {"strategy": "BatchLongest",
         "direction": "Right", "pad_to_multiple_of": null, "pad_id": 7, "pad_type_id": 0,
         "pad_token": "<pad>"}, "normalizer": null,
         "added_tokens": [{"id": 0, "content": "<unk>", "single_word": false, "lstrip": false,
          "rstrip": false, "normalized": false, "special": true},
          {"id": 7, "content": "<pad>", "single_word": false, "lstrip": false,
          "rstrip": false, "normalized": false, "special": true}],
         "pre_tokenizer": null, "decoder": null,
         "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id":
          "<pad>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
          "special_tokens": {"<pad>": {"id": "<pad>", "ids": [7], "tokens": ["<pad>"]}}},
         "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab":
          [["<unk>", 0.0], ["a", -3.0], ["b", -3.5], ["ab", -4.0], ["c", -9.0], ["abc", -20.0],
           ["bc", -5.0], ["<pad>", 0.0]]}}
        """;
    check((ObjectNode) JSON.readTree(json), List.of("abab", "abx"), List.of("abc", "x"));
  }

  @Test
  void tokensOfSeveralMergesKeepAllTheirParts() throws IOException {
    String json =
        """
        {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
         "added_tokens": [], "pre_tokenizer": null, "post_processor": null, "decoder": null,
         "model": {"type": "BPE", "vocab": {"x": 0, "a": 1, "b": 2, "c": 3, "bc": 4, "ab": 5,
          "abc": 6, "cc": 7, "y": 8, "xy": 9}, "merges": ["b c", ["a", "b"], "a bc", "ab c", "c c",
          "x y"]}}
        """
            .replace("[\"a\", \"b\"]", "\"a b\"");
    check((ObjectNode) JSON.readTree(json), List.of("abc", "abcabc"), List.of("ab", "bc"));
  }
}
