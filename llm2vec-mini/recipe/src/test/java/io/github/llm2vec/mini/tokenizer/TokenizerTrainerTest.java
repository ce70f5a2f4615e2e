/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.TextFiles;
import io.github.llm2vec.trainer.data.TextStyle;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with Hugging Face's library; {@code make_byte_pairs.py} made the expected values. */
class TokenizerTrainerTest {

  private static final Path CORPUS = Path.of("../../examples/scifact/corpus.jsonl.gz");
  private static final int DOCUMENTS = 300;
  private static final int LEAST_COUNT = 2;

  @TempDir private Path folder;

  @Test
  void learnsWhatTheLibraryLearns() throws IOException {
    JsonNode expected = expected();
    for (JsonNode expectedCase : expected.path("cases")) {
      train(expected, expectedCase).write(folder);
      JsonNode model =
          new JsonMapper().readTree(folder.resolve("tokenizer.json").toFile()).path("model");
      List<String> tokens = new ArrayList<>();
      model.path("vocab").fieldNames().forEachRemaining(tokens::add);
      assertEquals(texts(expectedCase.path("vocabulary")), tokens);
      assertEquals(texts(expectedCase.path("merges")), texts(model.path("merges")));
    }
  }

  @Test
  void isReadAsTheLibraryReadsItsOwn() throws IOException {
    JsonNode expected = expected();
    for (JsonNode expectedCase : expected.path("cases")) {
      TrainedTokenizer trained = train(expected, expectedCase);
      trained.write(folder);
      try (Tokenizer tokenizer = Tokenizer.open(folder)) {
        assertEquals(expectedCase.path("size").asInt(), trained.vocabularySize());
        assertEquals(trained.vocabularySize(), tokenizer.vocabSize());
        assertEquals(List.of(tokenizer.idOf("<s>").orElseThrow()), tokenizer.prefixIds());
        assertEquals(tokenizer.idOf("</s>"), tokenizer.eosId());
        for (JsonNode probe : expectedCase.path("ids")) {
          String text = probe.path(0).asText();
          int[] ids = new int[probe.path(1).size()];
          for (int i = 0; i < ids.length; i++) {
            ids[i] = probe.path(1).path(i).asInt();
          }
          assertArrayEquals(ids, tokenizer.encode(text), text);
        }
      }
    }
  }

  @Test
  void doesNotNeedTheWholeOfALongText() throws IOException {
    JsonNode expected = expected();
    JsonNode lowercase = expected.path("cases").path(1);
    train(expected, lowercase).write(folder);
    StringBuilder text = new StringBuilder();
    for (JsonNode probe : lowercase.path("ids")) {
      text.append(probe.path(0).asText()).append(" İ! ");
    }
    String longText = text.toString().repeat(20);
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      int[] all = tokenizer.encode(longText);
      for (int wanted : new int[] {1, 10, 100, 1000, 3000}) {
        int[] prefix = tokenizer.encodePrefix(longText, wanted);
        assertTrue(prefix.length >= wanted && prefix.length < all.length, wanted + " wanted");
        for (int i = 0; i < wanted; i++) {
          assertEquals(all[i], prefix[i], "id " + i + " of " + wanted);
        }
      }
    }
  }

  @Test
  void learnsNoMoreThanTheTextsHave() {
    TokenizerTrainer trainer = new TokenizerTrainer(new TokenizerOptions(1000, false, 2, 512));
    trainer.add("ab ab ab");
    // The words are "ab" and " ab" twice: a+b (3), then blank+ab (2).
    assertEquals(256 + 2 + 5, trainer.train(size -> {}).vocabularySize());
  }

  @Test
  void refusesToLearnFromNothing() {
    TokenizerTrainer trainer = new TokenizerTrainer(new TokenizerOptions(1000, false, 2, 512));
    trainer.add("");
    assertThrows(IllegalStateException.class, () -> trainer.train(size -> {}));
    IllegalArgumentException tooSmall =
        assertThrows(
            IllegalArgumentException.class, () -> new TokenizerOptions(260, false, 2, 512));
    assertTrue(tooSmall.getMessage().contains("261"), tooSmall.getMessage());
  }

  @Test
  void forgetsTheRarestWordsWhenThereAreTooMany() {
    WordCounts counts = new WordCounts(false, 100);
    for (int i = 0; i < 10_000; i++) {
      counts.add(" often");
      counts.add(" word" + Character.toString('a' + i % 26) + Character.toString(0x4E00 + i));
    }
    assertEquals(10_000, counts.counts().get(" often"));
    assertTrue(counts.counts().size() <= 100, "words: " + counts.counts().size());
  }

  private static TrainedTokenizer train(JsonNode expected, JsonNode expectedCase)
      throws IOException {
    TokenizerTrainer trainer =
        new TokenizerTrainer(
            new TokenizerOptions(
                expectedCase.path("size").asInt(),
                expectedCase.path("lowercase").asBoolean(),
                LEAST_COUNT,
                512));
    try (RecordStream<String> texts =
        TextFiles.open(
            List.of(CORPUS),
            TextStyle.LINE,
            new CorruptLines(DataAccess.CorruptLinePolicy.ERROR))) {
      for (int i = 0; i < DOCUMENTS; i++) {
        Optional<String> text = texts.next();
        trainer.add(text.orElseThrow());
      }
    }
    texts(expected.path("odd")).forEach(trainer::add);
    return trainer.train(size -> {});
  }

  private static JsonNode expected() throws IOException {
    try (InputStream in =
        new GZIPInputStream(
            Files.newInputStream(
                Path.of(
                    "src/test/resources/io/github/llm2vec/mini/tokenizer/byte-pairs.json.gz")))) {
      return new JsonMapper().readTree(in);
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(item -> texts.add(item.asText()));
    return texts;
  }
}
