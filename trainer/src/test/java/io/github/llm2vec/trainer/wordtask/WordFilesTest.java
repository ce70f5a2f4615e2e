/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.Streams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WordFilesTest {

  @TempDir Path folder;

  private static List<WordFiles.Sentence> read(Path file, WordTask task) throws IOException {
    return Streams.all(
        WordFiles.open(
            List.of(file),
            task,
            Optional.empty(),
            new CorruptLines(DataAccess.CorruptLinePolicy.ERROR)));
  }

  private static WordFiles.Sentence sentence(String words, String tags) {
    return new WordFiles.Sentence(List.of(words.split(" ", -1)), List.of(tags.split(" ", -1)));
  }

  @Test
  void readsTheColumnsOfConll2003() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("train.txt"),
            """
            -DOCSTART- -X- -X- O

            EU NNP B-NP B-ORG
            rejects VBZ B-VP O

            -DOCSTART- -X- -X- O

            Peter\tNNP\tB-NP\tB-PER
            """);
    assertEquals(
        List.of(sentence("EU rejects", "NNP VBZ"), sentence("Peter", "NNP")),
        read(file, WordTask.POS_TAGS));
    assertEquals(sentence("EU rejects", "B-NP B-VP"), read(file, WordTask.CHUNK_TAGS).get(0));
    assertEquals(sentence("Peter", "B-PER"), read(file, WordTask.NER_TAGS).get(1));
  }

  @Test
  void readsTwoColumns() throws IOException {
    Path file = Files.writeString(folder.resolve("a.conll"), "-DOCSTART- O\n010 I-MISC\nis O\n\n");
    assertEquals(List.of(sentence("010 is", "I-MISC O")), read(file, WordTask.NER_TAGS));
  }

  @Test
  void readsConlluWithoutRangesAndEmptyNodes() throws IOException {
    String rest = "\t_\t0\troot\t_\t_\n";
    Path file =
        Files.writeString(
            folder.resolve("a.conllu"),
            "# text = don't go\n"
                + "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                + "1\tdo\tdo\tAUX\tVBP"
                + rest
                + "2\tn't\tnot\tPART\tRB"
                + rest
                + "2.1\tx\tx\tX\tX"
                + rest
                + "3\tgo\tgo\tVERB\tVB"
                + rest
                + "\n# text = a b\n1\ta b\t_\tX\tFW"
                + rest);
    assertEquals(
        List.of(
            sentence("do n't go", "AUX PART VERB"),
            new WordFiles.Sentence(List.of("a b"), List.of("X"))),
        read(file, WordTask.UPOS_TAGS));
    assertEquals(sentence("do n't go", "VBP RB VB"), read(file, WordTask.POS_TAGS).get(0));
    assertThrows(DataFormatException.class, () -> read(file, WordTask.NER_TAGS));
  }

  @Test
  void readsTheHubsParquetByTheNumbersOfItsTags() throws Exception {
    Path file = Path.of(WordFilesTest.class.getResource("conll.parquet").toURI());
    assertEquals(
        List.of(
            sentence("EU rejects German call", "NNP VBZ JJ NN"),
            sentence("Peter", "NNP"),
            new WordFiles.Sentence(List.of(), List.of())),
        read(file, WordTask.POS_TAGS));
    assertEquals(
        sentence("EU rejects German call", "B-ORG O B-MISC O"),
        read(file, WordTask.NER_TAGS).get(0));
  }

  @Test
  void leavesOutAWholeSentenceOrNamesItsLine() throws IOException {
    Path file =
        Files.writeString(folder.resolve("a.txt"), "a DT O O\nb XX O O\nc NN O O\n\nd NN O O\n");
    Optional<LabelSet> known = Optional.of(LabelSet.conll2003(WordTask.POS_TAGS));
    CorruptLines lenient = new CorruptLines(DataAccess.CorruptLinePolicy.SKIP);
    assertEquals(
        List.of(sentence("d", "NN")),
        Streams.all(WordFiles.open(List.of(file), WordTask.POS_TAGS, known, lenient)));
    assertEquals(List.of(file + ":2: \"XX\" is none of the tags of this task"), lenient.examples());
    Path one = Files.writeString(folder.resolve("b.txt"), "alone\n");
    IOException e = assertThrows(IOException.class, () -> read(one, WordTask.POS_TAGS));
    assertTrue(e.getMessage().contains(":1: expected a word and its tags"), e.getMessage());
  }

  /** Sizes and some places of upstream's lists. */
  @Test
  void hasUpstreamsTags() throws IOException {
    LabelSet pos = LabelSet.conll2003(WordTask.POS_TAGS);
    assertEquals(47, pos.size());
    assertEquals("``", pos.names().get(9));
    assertEquals(25, pos.names().indexOf("NN|SYM"));
    assertEquals(46, pos.names().indexOf("WRB"));
    assertEquals(23, LabelSet.conll2003(WordTask.CHUNK_TAGS).size());
    assertEquals(21, LabelSet.conll2003(WordTask.CHUNK_TAGS).names().indexOf("B-VP"));
    LabelSet entities = LabelSet.conll2003(WordTask.NER_TAGS);
    assertEquals(9, entities.size());
    assertEquals(8, entities.names().indexOf("I-MISC"));
    assertEquals(-1, entities.names().indexOf("B-GPE"));
    assertEquals(17, LabelSet.conll2003(WordTask.UPOS_TAGS).size());
    assertEquals(
        new LabelSet(List.of("A", "B")),
        LabelSet.of(Streams.of(List.of(sentence("x y", "B A"), sentence("z", "A")))));
  }
}
