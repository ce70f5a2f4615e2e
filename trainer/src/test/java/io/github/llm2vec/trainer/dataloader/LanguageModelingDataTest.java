/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.MntpConfig;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.data.Streams;
import io.github.llm2vec.trainer.dataloader.LanguageModelingData.CausalBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageModelingDataTest {

  private static final Path CHECKPOINT =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints", "llama3-gqa");

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

  private Path texts(String name, int count) throws IOException {
    return Files.write(
        folder.resolve(name),
        IntStream.range(0, count).mapToObj(i -> "text number " + i + " of " + name).toList());
  }

  private MntpConfig config(String... options) throws IOException {
    Path file = folder.resolve("train.json");
    Files.writeString(
        file, "{\"model_name_or_path\": \"m\", \"output_dir\": \"o\", \"max_seq_length\": 16}");
    return ConfigFiles.MNTP.read(file, List.of(options)).config();
  }

  private LanguageModelingData.Tools tools() {
    return new LanguageModelingData.Tools(
        tokenizer,
        CHECKPOINT,
        new DatasetFolders(Optional.of(folder.resolve("datasets")), folder.resolve("hub")),
        folder.resolve("cache"),
        new CorruptLines(DataAccess.CorruptLinePolicy.ERROR),
        2);
  }

  private LanguageModelingData<MntpBatch> open(String... options) throws IOException {
    MntpConfig config = config(options);
    return LanguageModelingData.masked(
        new LanguageModelingData.Request(config.data(), config.training().batches(), 42, true),
        config.masking(),
        tools());
  }

  private static List<int[]> ids(List<MntpBatch> batches) {
    List<int[]> rows = new ArrayList<>();
    batches.forEach(batch -> IntStream.range(0, batch.rows()).forEach(r -> rows.add(batch.ids(r))));
    return rows;
  }

  private static void assertSame(List<MntpBatch> expected, List<MntpBatch> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i).ids(), found.get(i).ids());
      assertArrayEquals(expected.get(i).labels(), found.get(i).labels());
    }
  }

  @Test
  void givesTheSameEpochEveryTimeAndFromAnyBatchOn() throws IOException {
    Path file = texts("a.txt", 300);
    try (LanguageModelingData<MntpBatch> data = open("--train_file=" + file)) {
      DataLoader<MntpBatch> training = data.training().orElseThrow();
      List<MntpBatch> epoch = Streams.all(training.epoch(0, 0));
      assertEquals(training.batchesPerEpoch(), OptionalLong.of(epoch.size()));
      assertTrue(epoch.size() > 10, epoch.size() + " batches");
      assertSame(epoch, Streams.all(training.epoch(0, 0)));
      assertSame(epoch.subList(7, epoch.size()), Streams.all(training.epoch(0, 7)));
      List<MntpBatch> second = Streams.all(training.epoch(1, 0));
      assertEquals(epoch.size(), second.size());
      assertNotEquals(Arrays.toString(epoch.get(0).ids()), Arrays.toString(second.get(0).ids()));
    }
  }

  /** The masks of a sequence change from epoch to epoch, its tokens do not. */
  @Test
  void masksAnewInEveryEpoch() throws IOException {
    Path file = texts("a.txt", 60);
    try (LanguageModelingData<MntpBatch> data =
        open("--train_file=" + file, "--validation_split_percentage=0", "--line_by_line")) {
      DataLoader<MntpBatch> training = data.training().orElseThrow();
      Set<String> masked = new HashSet<>();
      Set<String> original = new HashSet<>();
      int rows = 0;
      for (int epoch = 0; epoch < 3; epoch++) {
        for (MntpBatch batch : Streams.all(training.epoch(epoch, 0))) {
          for (int row = 0; row < batch.rows(); row++) {
            int[] ids = batch.ids(row);
            int[] labels = batch.labels(row);
            masked.add(Arrays.toString(ids));
            IntStream.range(0, ids.length)
                .filter(i -> labels[i] != MntpBatch.IGNORED)
                .forEach(i -> ids[i] = labels[i]);
            original.add(Arrays.toString(ids));
            rows++;
          }
        }
      }
      assertEquals(rows / 3, original.size());
      assertTrue(masked.size() > 2 * original.size(), masked.size() + " of " + original.size());
    }
  }

  @Test
  void takesTheOrderOfTheTrainerFromTheSeedAndTheEpoch() throws IOException {
    Path file = texts("a.txt", 40);
    MntpConfig config =
        config("--train_file=" + file, "--line_by_line", "--validation_split_percentage=0");
    try (LanguageModelingData<CausalBatch> data =
        LanguageModelingData.causal(
            new LanguageModelingData.Request(config.data(), config.training().batches(), 42, true),
            tools())) {
      List<TokenRow> rows = new ArrayList<>();
      Streams.all(data.training().orElseThrow().epoch(1, 0)).forEach(b -> rows.addAll(b.rows()));
      BlockStream.SequenceTokenizer sequences = new BlockStream.SequenceTokenizer(tokenizer);
      Sampler order = Sampler.shuffled(40, 43);
      for (int i = 0; i < 40; i++) {
        TokenRow expected = sequences.encode("text number " + order.at(i) + " of a.txt", 16);
        assertArrayEquals(expected.toBytes(), rows.get(i).toBytes());
      }
    }
  }

  @Test
  void holdsOutTheFirstPercentsAsUpstreamDoes() throws IOException {
    Path file = texts("a.txt", 50);
    // 5 % of 50 texts is 2.5, which Python rounds to 2.
    try (LanguageModelingData<MntpBatch> data =
        open("--train_file=" + file, "--line_by_line", "--per_device_eval_batch_size=1")) {
      assertEquals(OptionalLong.of(2), data.validation().orElseThrow().batchesPerEpoch());
      assertEquals(OptionalLong.of(6), data.training().orElseThrow().batchesPerEpoch());
      List<MntpBatch> validation = Streams.all(data.validation().orElseThrow().epoch(0, 0));
      assertSame(validation, Streams.all(data.validation().orElseThrow().epoch(5, 0)));
    }
  }

  @Test
  void usesAValidationFileAndLimits() throws IOException {
    try (LanguageModelingData<MntpBatch> data =
        open(
            "--train_file=" + texts("a.txt", 100),
            "--validation_file=" + texts("b.txt", 30),
            "--line_by_line",
            "--max_train_samples=20",
            "--max_eval_samples=9",
            "--dataloader_drop_last")) {
      assertEquals(20, ids(Streams.all(data.training().orElseThrow().epoch(0, 0))).size() + 4);
      assertEquals(9, ids(Streams.all(data.validation().orElseThrow().epoch(0, 0))).size());
    }
  }

  @Test
  void readsADatasetThatIsNamedAsOnTheHub() throws IOException {
    Path wikitext = Files.createDirectories(folder.resolve("datasets/wikitext/raw"));
    Files.move(texts("t", 30), wikitext.resolve("wiki.train.raw"));
    Files.move(texts("v", 10), wikitext.resolve("wiki.valid.raw"));
    try (LanguageModelingData<MntpBatch> data =
        open("--dataset_name=wikitext", "--dataset_config_name=raw")) {
      assertTrue(data.training().isPresent() && data.validation().isPresent());
    }
    NoSuchFileException e =
        assertThrows(NoSuchFileException.class, () -> open("--dataset_name=other"));
    assertTrue(e.getMessage().contains("--dataset_dir"), e.getMessage());
  }

  @Test
  void readsAnEarlierRunsTokensOnlyIfTheyAreOfTheSame() throws IOException {
    Path file = texts("a.txt", 60);
    String[] options = {"--train_file=" + file, "--overwrite_cache=false"};
    Path rows = folder.resolve("cache/train.rows");
    open(options).close();
    FileTime old = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(rows, old);
    open(options).close();
    assertEquals(old, Files.getLastModifiedTime(rows));
    open("--train_file=" + file, "--overwrite_cache=false", "--max_seq_length=8").close();
    assertNotEquals(old, Files.getLastModifiedTime(rows));

    Files.setLastModifiedTime(rows, old);
    open("--train_file=" + file, "--max_seq_length=8").close();
    assertNotEquals(old, Files.getLastModifiedTime(rows));

    // What was not finished does not count.
    Files.setLastModifiedTime(rows, old);
    Files.delete(folder.resolve("cache/train.json"));
    open("--train_file=" + file, "--overwrite_cache=false", "--max_seq_length=8").close();
    assertNotEquals(old, Files.getLastModifiedTime(rows));
  }

  @Test
  void streamsInABufferOfBoundedSize() throws IOException {
    Path file = texts("a.txt", 200);
    try (LanguageModelingData<MntpBatch> data =
        open(
            "--train_file=" + file,
            "--streaming",
            "--max_steps=5",
            "--shuffle_buffer_size=30",
            "--line_by_line",
            "--validation_split_percentage=0")) {
      DataLoader<MntpBatch> training = data.training().orElseThrow();
      assertEquals(OptionalLong.empty(), training.batchesPerEpoch());
      List<MntpBatch> epoch = Streams.all(training.epoch(0, 0));
      assertEquals(200 / 8, epoch.size());
      assertSame(epoch.subList(20, 25), Streams.all(training.epoch(0, 20)));
      assertNotEquals(
          Arrays.toString(epoch.get(0).ids()),
          Arrays.toString(Streams.all(training.epoch(1, 0)).get(0).ids()));
    }
  }

  @Test
  void refusesTextsTooShortForOneSequence() throws IOException {
    Path file = texts("a.txt", 5);
    IOException e =
        assertThrows(
            IOException.class, () -> open("--train_file=" + file, "--max_seq_length=4096"));
    assertTrue(e.getMessage().contains("too few texts for one sequence of 4096"), e.getMessage());
    assertThrows(NoSuchFileException.class, () -> open("--train_file=none.txt"));
  }

  @Test
  void reportsACorruptLineOfATextFile() throws IOException {
    Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"text\":\"a\"}\n{\"text\":\n");
    IOException e = assertThrows(IOException.class, () -> open("--train_file=" + file));
    assertTrue(e.getMessage().startsWith(file + ":2: broken JSON"), e.getMessage());
  }
}
