/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.tokenclassification.LabelShift;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.CorruptLinePolicy;
import io.github.llm2vec.trainer.config.WordTask;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.data.Streams;
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
    return new CorruptLines(CorruptLinePolicy.ERROR);
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

  @Test
  void batchesInTheOrderOfTheTrainer() throws IOException {
    Path file = sentences(10);
    LabelSet labels = LabelSet.conll2003(WordTask.POS_TAGS);
    try (Tokenizer tokenizer = Tokenizer.open(CHECKPOINT)) {
      WordData data = read(tokenizer, file, labels);
      List<WordRow> rows = new ArrayList<>();
      Streams.all(data.shuffled(4, false, 42).epoch(0, 0)).forEach(b -> rows.addAll(b.rows()));
      Sampler order = Sampler.shuffled(10, 42);
      for (int i = 0; i < 10; i++) {
        assertArrayEquals(data.rows().get((int) order.at(i)).ids(), rows.get(i).ids());
      }
      assertEquals(2, Streams.all(data.shuffled(4, true, 42).epoch(0, 0)).size());
      WordBatch last = Streams.all(data.sequential(4).epoch(0, 2)).get(0);
      assertArrayEquals(data.rows().get(9).ids(), last.rows().get(1).ids());
      assertEquals(last.rows().get(0).length() + last.rows().get(1).length(), last.tokens());
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
