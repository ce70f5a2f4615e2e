/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.PoolingWeights;
import io.github.llm2vec.encoder.TextPreparation;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.MaskingArguments;
import io.github.llm2vec.trainer.config.MaskingArguments.Collator;
import io.github.llm2vec.trainer.config.SimcseConfig;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.Streams;
import io.github.llm2vec.trainer.random.TorchGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Against transformers' collators, datasets' grouping and llm2vec's tokenize (make_collation.py).
 */
class CollationOracleTest {

  private static final Path CHECKPOINTS =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints");

  @TempDir Path folder;

  private static JsonNode fixture() throws IOException {
    try (InputStream in = CollationOracleTest.class.getResourceAsStream("collation.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.textValue()));
    return texts;
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  private static int[] matrix(JsonNode rows) {
    List<Integer> all = new ArrayList<>();
    rows.forEach(row -> row.forEach(number -> all.add(number.intValue())));
    return all.stream().mapToInt(Integer::intValue).toArray();
  }

  private static Path checkpoint(String name) {
    return CHECKPOINTS.resolve(name);
  }

  private static String digest(List<TokenRow> rows) throws Exception {
    String ids = lines(rows, true);
    String special = lines(rows, false);
    byte[] all = (ids + "\n\n" + special).getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(all));
  }

  private static String lines(List<TokenRow> rows, boolean ids) {
    return rows.stream()
        .map(
            row ->
                IntStream.range(0, row.length())
                    .map(i -> ids ? row.id(i) : row.isSpecial(i) ? 1 : 0)
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(" ")))
        .collect(Collectors.joining("\n"));
  }

  /** The blocks of run_mntp.py: groups of 1000 texts, in each of the parts of several workers. */
  @ParameterizedTest
  @ValueSource(strings = {"llama3-gqa", "mistral-gqa", "qwen2"})
  void groupsTextsAsHuggingFaceDoes(String name) throws Exception {
    JsonNode fixture = fixture();
    List<String> texts = texts(fixture.get("texts"));
    ExecutorService executor = Executors.newFixedThreadPool(2);
    try (Tokenizer tokenizer = Tokenizer.open(checkpoint(name))) {
      for (JsonNode expected : fixture.get("mntp").get(name).get("groups")) {
        int count = expected.get("texts").intValue();
        List<String> many =
            IntStream.range(0, count).mapToObj(i -> texts.get(i % texts.size()) + " " + i).toList();
        RecordStream<TokenRow> stream =
            new BlockStream(
                Streams.of(many),
                new BlockStream.GroupSizes(count, expected.get("workers").intValue()),
                BlockStream.blocks(
                    new BlockStream.SequenceTokenizer(tokenizer),
                    expected.get("length").intValue()),
                executor);
        List<TokenRow> blocks = Streams.all(stream);
        assertEquals(expected.get("blocks").intValue(), blocks.size());
        assertEquals(expected.get("sha256").textValue(), digest(blocks));
      }
    } finally {
      executor.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3-gqa", "mistral-gqa", "qwen2"})
  void masksAsTransformersDoes(String name) throws Exception {
    JsonNode fixture = fixture();
    JsonNode expected = fixture.get("mntp").get(name);
    List<String> texts = texts(fixture.get("texts"));
    TokenizerSettings settings = TokenizerSettings.read(checkpoint(name));
    assertEquals(expected.get("padding_side").textValue().equals("left"), settings.padLeft());
    try (Tokenizer tokenizer = Tokenizer.open(checkpoint(name))) {
      MaskToken mask = MaskToken.choose(MaskingArguments.MaskToken.BLANK, tokenizer, settings);
      assertEquals(expected.get("mask_id").intValue(), mask.id());
      assertEquals(expected.get("size").intValue(), mask.vocabularySize());
      BlockStream.SequenceTokenizer sequences = new BlockStream.SequenceTokenizer(tokenizer);
      List<TokenRow> blocks = BlockStream.blocks(sequences, 24).cut(texts);
      List<TokenRow> lines = BlockStream.lines(sequences, 20).cut(texts);
      for (JsonNode batch : expected.get("blocks")) {
        assertMasked(batch, blocks.subList(0, batch.get("rows").intValue()), mask, settings, 0);
      }
      JsonNode first = expected.get("lines").get(0);
      assertMasked(
          first, lines.subList(0, first.get("rows").intValue()), mask, settings, pad(name));
      JsonNode last = expected.get("lines").get(1);
      int from = lines.size() - last.get("rows").intValue();
      assertMasked(last, lines.subList(from, lines.size()), mask, settings, pad(name));
    }
  }

  /** The tokenizers' own padding tokens: eos where there is none, as run_mntp.py sets it. */
  private static int pad(String name) {
    return switch (name) {
      case "llama3-gqa" -> 431;
      case "qwen2" -> 436;
      default -> 2;
    };
  }

  private static void assertMasked(
      JsonNode expected, List<TokenRow> rows, MaskToken mask, TokenizerSettings settings, int pad) {
    MntpCollator collator =
        new MntpCollator(
            new MntpCollator.Options(
                expected.get("probability").doubleValue(),
                Collator.valueOf(expected.get("collator").textValue().toUpperCase(Locale.ROOT)),
                pad,
                settings.padLeft(),
                0),
            mask);
    MntpBatch batch = collator.collate(rows, new TorchGenerator(expected.get("seed").longValue()));
    assertArrayEquals(matrix(expected.get("input_ids")), batch.ids());
    assertArrayEquals(matrix(expected.get("attention_mask")), MntpBatchTest.attentionMask(batch));
    assertArrayEquals(matrix(expected.get("labels")), batch.labels());
  }

  private SimcseConfig simcse(int maxLength, String pooling, String window) throws IOException {
    Path file = folder.resolve("simcse.json");
    Files.writeString(file, "{\"model_name_or_path\": \"m\", \"output_dir\": \"o\"}");
    return ConfigFiles.SIMCSE
        .read(
            file,
            List.of(
                "--max_seq_length=" + maxLength,
                "--pooling_mode=" + pooling,
                "--simcse_window=" + window))
        .config();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3-gqa", "mistral-gqa", "qwen2"})
  void preparesContrastiveTextsAsUpstreamDoes(String name) throws Exception {
    JsonNode fixture = fixture();
    JsonNode inputs = fixture.get("contrastive_texts");
    String modelType =
        name.equals("qwen2") ? "qwen2" : name.equals("mistral-gqa") ? "mistral" : "llama";
    try (Tokenizer tokenizer = Tokenizer.open(checkpoint(name))) {
      for (JsonNode expected : fixture.get("contrastive").get(name)) {
        int maxLength = expected.get("max_length").intValue();
        String pooling = expected.get("pooling").textValue();
        TextSettings model =
            TextSettings.defaults(expected.get("name_or_path").textValue(), modelType);
        TextPreparation supervised =
            new TextPreparation(
                tokenizer,
                model.withPooling(Pooling.of(pooling)).withLengths(maxLength, maxLength));
        for (int i = 0; i < inputs.size(); i++) {
          assertSame(
              expected.get("supervised").get(i),
              supervised.prepareMarked(
                  inputs.get(i).get(0).textValue(), inputs.get(i).get(1).textValue()),
              true);
        }
        assertSimcse(expected, inputs, tokenizer, model);
      }
    }
  }

  private void assertSimcse(
      JsonNode expected, JsonNode inputs, Tokenizer tokenizer, TextSettings model)
      throws IOException {
    int maxLength = expected.get("max_length").intValue();
    String pooling = expected.get("pooling").textValue();
    ContrastiveDataLoaders.SimcseTexts padded =
        new ContrastiveDataLoaders.SimcseTexts(
            tokenizer, model, simcse(maxLength, pooling, "padded_row"));
    ContrastiveDataLoaders.SimcseTexts whole =
        new ContrastiveDataLoaders.SimcseTexts(
            tokenizer, model, simcse(maxLength, pooling, "attention_mask"));
    ContrastiveDataLoaders.SimcseTexts alone =
        new ContrastiveDataLoaders.SimcseTexts(
            tokenizer, model, simcse(maxLength, pooling, "text"));
    for (int i = 0; i < inputs.size(); i++) {
      String text = inputs.get(i).get(1).textValue().strip();
      JsonNode row = expected.get("simcse").get(i);
      if (row.get("ids").isEmpty()) {
        continue; // Qwen2 has no token at all for the empty text; see docs/compatibility.md.
      }
      assertSame(row, padded.prepare(text), true);
      if (pooling.equals("mean")) {
        int columns = expected.get("columns").intValue();
        PoolingWeights weights = Pooling.MEAN.weights(padded.prepare(text), columns);
        assertEquals(columns, weights.size());
      }
      TokenizedText masked = whole.prepare(text);
      assertSame(row, masked, false);
      assertEquals(masked.length(), masked.poolLength());
      TokenizedText window = alone.prepare(text);
      assertSame(row, window, false);
      int withoutFrame = window.length() - tokenizer.prefixIds().size();
      assertTrue(text.isEmpty() || window.poolLength() >= withoutFrame);
    }
  }

  private static void assertSame(JsonNode expected, TokenizedText text, boolean window) {
    assertArrayEquals(ints(expected.get("ids")), text.ids(), Arrays.toString(text.ids()));
    if (window) {
      assertEquals(expected.get("pool_length").intValue(), text.poolLength());
    }
  }
}
