/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.TextPreparation;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.data.Streams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContrastiveDataLoadersTest {

  private static final Path CHECKPOINT =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints", "mistral-gqa");

  @TempDir Path folder;
  private Tokenizer tokenizer;

  @BeforeEach
  void openTokenizer() throws IOException {
    tokenizer = Tokenizer.open(CHECKPOINT);
  }

  @AfterEach
  void closeTokenizer() {
    tokenizer.close();
  }

  private ContrastiveDataLoaders.Tools tools() {
    return new ContrastiveDataLoaders.Tools(
        tokenizer,
        TextSettings.defaults("mistralai/Mistral-7B-Instruct-v0.2", "mistral"),
        folder.resolve("cache"),
        new CorruptLines(DataAccess.CorruptLinePolicy.ERROR));
  }

  private Path config() throws IOException {
    return Files.writeString(
        folder.resolve("train.json"),
        "{\"model_name_or_path\":\"m\",\"output_dir\":\"o\",\"per_device_train_batch_size\":4}");
  }

  private DataLoader<ContrastiveBatch> simcse(String... options) throws IOException {
    return ContrastiveDataLoaders.simcse(
        ConfigFiles.SIMCSE.read(config(), List.of(options)).config(), tools());
  }

  private DataLoader<ContrastiveBatch> supervised(String... options) throws IOException {
    return ContrastiveDataLoaders.supervised(
        ConfigFiles.SUPERVISED.read(config(), List.of(options)).config(), tools());
  }

  @Test
  void keepsEmptyLinesOfWiki1MInTheOrderOfTheTrainer() throws IOException {
    Path file = Files.writeString(folder.resolve("wiki1m_for_simcse.txt"), "a b\n\n  c \nd\ne\nf");
    try (DataLoader<ContrastiveBatch> source = simcse("--dataset_dir=" + folder)) {
      assertEquals(OptionalLong.of(2), source.batchesPerEpoch());
      List<TokenizedText> texts = new ArrayList<>();
      for (ContrastiveBatch batch : Streams.all(source.epoch(0, 0))) {
        texts.addAll(batch.queries());
        assertEquals(List.of(), batch.negatives());
        assertSame(batch.queries().get(0), batch.positives().get(0));
      }
      List<String> lines = List.of("a b", "", "c", "d", "e", "f");
      Sampler order = Sampler.shuffled(6, 42);
      for (int i = 0; i < 6; i++) {
        int[] content = tokenizer.encode(lines.get((int) order.at(i)));
        int[] ids = texts.get(i).ids();
        assertEquals(1, ids[0]);
        assertArrayEquals(content, Arrays.copyOfRange(ids, 1, ids.length));
        assertEquals(ids.length, texts.get(i).poolLength());
      }
    }
    assertTrue(Files.exists(file));
  }

  @Test
  void leavesEmptyTextsOutOfOtherFiles() throws IOException {
    Path file = Files.writeString(folder.resolve("mine.txt"), "a\n\nb\n \nc\nd\n");
    try (DataLoader<ContrastiveBatch> source =
        simcse("--dataset_name=text", "--dataset_file_path=" + file)) {
      assertEquals(4, Streams.all(source.epoch(0, 0)).get(0).rows());
    }
    try (DataLoader<ContrastiveBatch> source =
        simcse("--dataset_name=text", "--dataset_file_path=" + file, "--max_train_samples=3")) {
      assertEquals(3, Streams.all(source.epoch(0, 0)).get(0).rows());
    }
  }

  @Test
  void putsTheTemplateAroundTextsOfSimcseIfAsked() throws IOException {
    Path file = Files.writeString(folder.resolve("mine.txt"), "hello\n");
    try (DataLoader<ContrastiveBatch> source =
        simcse(
            "--dataset_name=text",
            "--dataset_file_path=" + file,
            "--simcse_window=text",
            "--simcse_template")) {
      TokenizedText text = Streams.all(source.epoch(0, 0)).get(0).queries().get(0);
      TextPreparation encoding = new TextPreparation(tokenizer, tools().model());
      TokenizedText expected = encoding.prepareMarked("", "hello");
      assertArrayEquals(expected.ids(), text.ids());
      assertEquals(expected.poolLength(), text.poolLength());
    }
  }

  @Test
  void preparesTriplesWithTheirInstruction() throws IOException {
    Path file = folder.resolve("triples.jsonl");
    Files.write(
        file,
        IntStream.range(0, 9)
            .mapToObj(
                i -> "{\"query\":\"q%1$d\",\"positive\":\"p%1$d\",\"negative\":\"n\"}".formatted(i))
            .toList());
    try (DataLoader<ContrastiveBatch> source =
        supervised(
            "--dataset_name=jsonl",
            "--dataset_file_path=" + file,
            "--query_instruction=Find",
            "--max_seq_length=64")) {
      assertEquals(OptionalLong.of(2), source.batchesPerEpoch());
      List<ContrastiveBatch> batches = Streams.all(source.epoch(0, 0));
      assertEquals(2, batches.size());
      TextPreparation encoding = new TextPreparation(tokenizer, tools().model());
      int[] negative = encoding.prepareMarked("", "n").ids();
      List<String> queries =
          IntStream.range(0, 9)
              .mapToObj(i -> encoding.prepareMarked("Find; ", "q" + i))
              .map(text -> Arrays.toString(text.ids()))
              .toList();
      for (ContrastiveBatch batch : batches) {
        assertEquals(4, batch.rows());
        assertArrayEquals(negative, batch.negatives().get(3).ids());
        int number = queries.indexOf(Arrays.toString(batch.queries().get(0).ids()));
        assertArrayEquals(
            encoding.prepareMarked("", "p" + number).ids(), batch.positives().get(0).ids());
      }
      ContrastiveBatch second = Streams.all(source.epoch(0, 1)).get(0);
      assertArrayEquals(batches.get(1).queries().get(2).ids(), second.queries().get(2).ids());
    }
  }

  @Test
  void limitsSupervisedExamplesToWholeBatches() throws IOException {
    Path file = folder.resolve("pairs.jsonl");
    Files.write(file, Collections.nCopies(40, "{\"query\":\"q\",\"pos\":[\"p\"]}"));
    try (DataLoader<ContrastiveBatch> source =
        supervised(
            "--dataset_name=jsonl", "--dataset_file_path=" + file, "--max_train_samples=11")) {
      assertEquals(OptionalLong.of(2), source.batchesPerEpoch());
      ContrastiveBatch batch = Streams.all(source.epoch(0, 0)).get(0);
      assertEquals(List.of(), batch.negatives());
      assertTrue(batch.tokens() > 8);
    }
  }

  @Test
  void saysHowToNameDataThatIsNotNamed() throws IOException {
    NoSuchFileException e = assertThrows(NoSuchFileException.class, this::simcse);
    assertTrue(e.getMessage().contains("dataset_file_path"), e.getMessage());
    assertThrows(NoSuchFileException.class, () -> supervised("--dataset_dir=" + folder));
  }
}
