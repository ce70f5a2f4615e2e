/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.data.Streams;
import io.github.llm2vec.trainer.wordtask.WordData.WordRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WordDataTest {

  private static final Path CHECKPOINT =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints", "llama3-gqa");

  @TempDir Path folder;

  private static CorruptLines strict() {
    return new CorruptLines(DataAccess.CorruptLinePolicy.ERROR);
  }

  private Path sentences(int count) throws IOException {
    return Files.writeString(
        folder.resolve("train.txt"),
        IntStream.range(0, count)
            .mapToObj(i -> "w" + i + " NN B-NP O\n. . O O\n\n")
            .collect(Collectors.joining()));
  }

  private WordData read(Tokenizer tokenizer, Path file, LabelSet labels) throws IOException {
    return WordData.read(
        List.of(file),
        new WordData.Settings(tokenizer, WordTask.POS_TAGS, labels, LabelShift.SAME_TOKEN, 64),
        strict());
  }

  @Test
  void takesUpstreamsTagsForConll2003AndThoseOfTheDataElsewhere() throws IOException {
    Path file = sentences(2);
    assertEquals(
        47,
        WordData.labels(Optional.of("conll2003"), WordTask.POS_TAGS, List.of(file), strict())
            .size());
    assertEquals(
        new LabelSet(List.of(".", "NN")),
        WordData.labels(Optional.empty(), WordTask.POS_TAGS, List.of(file), strict()));
    assertEquals(
        17, WordData.labels(Optional.empty(), WordTask.UPOS_TAGS, List.of(file), strict()).size());
  }

  private static float sum(WordRow row) {
    return IntStream.of(row.ids()).sum();
  }

  private static List<float[][]> sums(List<WordRow> rows) {
    return rows.stream()
        .map(
            row -> {
              float[][] states = new float[HiddenStateFile.labels(row).length][1];
              for (float[] state : states) {
                state[0] = sum(row);
              }
              return states;
            })
        .toList();
  }

  @Test
  void batchesInTheOrderOfTheTrainer() throws IOException {
    Path file = sentences(10);
    LabelSet labels = LabelSet.conll2003(WordTask.POS_TAGS);
    try (Tokenizer tokenizer = Tokenizer.open(CHECKPOINT)) {
      WordData data = read(tokenizer, file, labels);
      // The state of a word is the sum of the ids of its sentence, which tells where it was read.
      try (HiddenStateFile states =
          HiddenStateFile.build(
              folder.resolve("states.f32"),
              "ids",
              data,
              1,
              WordDataTest::sums,
              (done, all) -> {})) {
        List<WordBatch.Sentence> read = new ArrayList<>();
        Streams.all(states.shuffled(4, false, 42).epoch(0, 0))
            .forEach(batch -> read.addAll(batch.sentences()));
        Sampler order = Sampler.shuffled(10, 42);
        for (int i = 0; i < 10; i++) {
          WordRow row = data.rows().get((int) order.at(i));
          assertArrayEquals(HiddenStateFile.labels(row), read.get(i).labels());
          assertEquals(sum(row), read.get(i).states()[0]);
        }
        assertEquals(2, Streams.all(states.shuffled(4, true, 42).epoch(0, 0)).size());
        // Batches are numbered through the whole run.
        List<Long> numbers = new ArrayList<>();
        Streams.all(states.shuffled(4, false, 42).epoch(2, 1))
            .forEach(batch -> numbers.add(batch.number()));
        assertEquals(List.of(8L, 9L), numbers);
        WordBatch last = Streams.all(states.sequential(4).epoch(0, 2)).get(0);
        assertEquals(sum(data.rows().get(9)), last.sentences().get(1).states()[0]);
        assertEquals(
            last.sentences().get(0).labels().length + last.sentences().get(1).labels().length,
            last.words());
      }
      assertEquals(3, data.first(3).rows().size());
      // A quarter of ten sentences is 2.5, which Python rounds to 2.
      assertEquals(2, data.split(25).get(0).rows().size());
      assertEquals(8, data.split(25).get(1).rows().size());
    }
  }

  @Test
  void refusesTagsThatAreNoLabels() throws IOException {
    Path file = Files.writeString(folder.resolve("a.txt"), "a HYPH O O\n");
    try (Tokenizer tokenizer = Tokenizer.open(CHECKPOINT)) {
      IOException e =
          assertThrows(
              IOException.class,
              () -> read(tokenizer, file, LabelSet.conll2003(WordTask.POS_TAGS)));
      assertTrue(e.getMessage().startsWith(file + ":1: \"HYPH\" is none of the tags"));
      Path empty = Files.writeString(folder.resolve("b.txt"), "\n\n");
      assertThrows(
          IOException.class, () -> read(tokenizer, empty, LabelSet.conll2003(WordTask.POS_TAGS)));
    }
  }
}
