/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.SupervisedConfig.Instructions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisedSetTest {

  private static final Instructions UPSTREAM = new Instructions("; ", false, Optional.empty());
  private static final String SEPARATOR = "!@#$%^&*()";

  @TempDir Path folder;
  private JsonNode expected;

  @BeforeEach
  void readExpected() throws IOException {
    expected = TextFilesTest.json("datasets.json");
  }

  private SupervisedSet.Options options(int batch, long seed, Instructions instructions) {
    return new SupervisedSet.Options(folder.resolve("cache"), batch, seed, instructions);
  }

  private static CorruptLines strict() {
    return new CorruptLines(DataAccess.CorruptLinePolicy.ERROR);
  }

  /** The files that make_datasets.py had. */
  private Path e5Folder() throws IOException {
    Path echo = Files.createDirectories(folder.resolve("echo"));
    List<String> names = E5Instructions.datasets();
    for (int d = 0; d < names.size(); d++) {
      String name = names.get(d);
      String lines =
          IntStream.range(0, expected.get("sizes").get(d).intValue())
              .mapToObj(
                  i ->
                      "{\"query\": \"%1$s query %2$d\", \"positive\": \"%1$s positive %2$d\", \"negative\": \"%1$s negative %2$d\"}\n"
                          .formatted(name, i))
              .collect(Collectors.joining());
      Files.writeString(echo.resolve(name + ".jsonl"), lines);
    }
    return echo;
  }

  private static List<Long> ids(Sampler order) {
    return LongStream.range(0, order.size()).map(order::at).boxed().toList();
  }

  @Test
  void hasUpstreamsDatasetsAndInstructions() {
    JsonNode prompts = expected.get("prompts");
    List<String> names = new ArrayList<>();
    prompts.fieldNames().forEachRemaining(names::add);
    assertEquals(names, E5Instructions.datasets());
    for (String name : names) {
      JsonNode prompt = prompts.get(name);
      for (int line = 0; line < 4; line++) {
        String instruction =
            prompt.isArray() ? prompt.get(line % 2).textValue() : prompt.textValue();
        assertEquals(instruction, E5Instructions.of(name, line));
      }
    }
  }

  /** Number for number the order of upstream's class, and its texts. */
  @Test
  void batchesTheE5CollectionAsUpstreamDoes() throws IOException {
    Path echo = e5Folder();
    for (JsonNode known : expected.get("e5")) {
      SupervisedSet.Options options =
          options(known.get("batch").intValue(), known.get("seed").longValue(), UPSTREAM);
      try (SupervisedSet set = SupervisedSet.openE5(echo, options, strict())) {
        List<Long> order = new ArrayList<>();
        known.get("ids").forEach(id -> order.add(id.longValue()));
        assertEquals(order, ids(set.order(0)));
        assertEquals(order, ids(set.order(2)));
        assertTrue(set.example(0, 0).negative().isPresent());
        for (JsonNode sample : known.get("first")) {
          SupervisedSet.Example example = set.example(sample.get(0).longValue(), 0);
          assertEquals(sample.get(1).textValue(), joined(example.query()));
          assertEquals(sample.get(2).textValue(), joined(example.positive()));
          assertEquals(sample.get(3).textValue(), joined(example.negative().orElseThrow()));
        }
      }
    }
  }

  private static String joined(SupervisedSet.PromptedText text) {
    return text.before() + SEPARATOR + text.text();
  }

  @Test
  void putsInstructionsBeforeSymmetricDocumentsIfAsked() throws IOException {
    Instructions symmetric = new Instructions(": ", true, Optional.empty());
    try (SupervisedSet set = SupervisedSet.openE5(e5Folder(), options(2, 1, symmetric), strict())) {
      assertEquals(
          "Given a premise, retrieve a hypothesis that is entailed by the premise: ",
          set.example(0, 0).query().before());
      assertEquals("", set.example(0, 0).positive().before());
      assertEquals("Retrieve semantically similar text: ", set.example(1, 0).positive().before());
      assertEquals(
          "Retrieve semantically similar text: ",
          set.example(1, 0).negative().orElseThrow().before());
    }
  }

  @Test
  void namesTheFilesOfTheE5CollectionThatAreMissing() throws IOException {
    Path echo = e5Folder();
    Files.delete(echo.resolve("nq.jsonl"));
    Files.delete(echo.resolve("squad.jsonl"));
    NoSuchFileException e =
        assertThrows(
            NoSuchFileException.class,
            () -> SupervisedSet.openE5(echo, options(2, 1, UPSTREAM), strict()));
    assertTrue(e.getMessage().contains("there is no nq.jsonl and 1 others"), e.getMessage());
  }

  @Test
  void readsTriplesOfAllForms() throws Exception {
    Path file = folder.resolve("mixed.jsonl");
    Files.writeString(
        file,
        """
        {"query": "q0", "positive": "p0", "negative": "n0", "score": 3}
        {"query": "q1", "pos": ["p1", "p1b"], "neg": ["n1", "n1b", "n1c"], "prompt": "Find it"}

        {"anchor": "q2", "positive": "p2", "negative": "n2"}
        """);
    Instructions own = new Instructions(": ", false, Optional.of("Search"));
    try (SupervisedSet set = SupervisedSet.openPlain(file, options(1, 3, own), strict())) {
      assertEquals(3, set.order(0).size());
      assertEquals(new SupervisedSet.PromptedText("Search: ", "q0"), set.example(0, 0).query());
      assertEquals(new SupervisedSet.PromptedText("Find it: ", "q1"), set.example(1, 0).query());
      assertEquals(new SupervisedSet.PromptedText("", "p2"), set.example(2, 5).positive());
      Set<String> seen = new HashSet<>();
      for (int epoch = 0; epoch < 50; epoch++) {
        seen.add(set.example(1, epoch).negative().orElseThrow().text());
        assertEquals(set.example(1, epoch), set.example(1, epoch));
      }
      assertEquals(Set.of("n1", "n1b", "n1c"), seen);
    }
    Path parquet = TextFilesTest.resource("triples.parquet");
    try (SupervisedSet set = SupervisedSet.openPlain(parquet, options(1, 3, UPSTREAM), strict())) {
      assertEquals(new SupervisedSet.PromptedText("", "q1"), set.example(1, 0).query());
      assertEquals("n2", set.example(2, 0).negative().orElseThrow().text());
    }
    Path packed =
        Streams.gzip(folder.resolve("pairs.jsonl.gz"), "{\"query\":\"é\",\"pos\":[\"b\"]}");
    try (SupervisedSet set = SupervisedSet.openPlain(packed, options(1, 3, UPSTREAM), strict())) {
      assertFalse(set.example(0, 0).negative().isPresent());
      assertEquals(
          new SupervisedSet.Example(
              new SupervisedSet.PromptedText("", "é"),
              new SupervisedSet.PromptedText("", "b"),
              Optional.empty()),
          set.example(0, 0));
    }
  }

  /** The texts are what Tevatron's format_query and format_passage make of the record. */
  @Test
  void readsTevatronsPassagesInAJsonArray() throws IOException {
    String records =
        """
        [
          {"query_id": "1", "query": " who? ", "positive_passages": [
             {"docid": "a", "title": " A title ", "text": "the text\\n"}],
           "negative_passages": [{"docid": "b", "title": "", "text": " untitled "}]},
          {"query_id": "2", "query": "\u00e9 {[\\"]}", "positive_passages": [{"docid": "c", "text": "no key"}],
           "negative_passages": [{"docid": "d", "title": null, "text": "null"}]}
        ]
        """;
    Path plain = Files.writeString(folder.resolve("tevatron.json"), records);
    Path packed = Streams.gzip(folder.resolve("packed.jsonl.gz"), " \n" + records);
    for (Path file : List.of(plain, packed)) {
      try (SupervisedSet set = SupervisedSet.openPlain(file, options(1, 3, UPSTREAM), strict())) {
        assertEquals(2, set.order(0).size());
        SupervisedSet.Example first = set.example(0, 0);
        assertEquals("who?", first.query().text());
        assertEquals("A title the text", first.positive().text());
        assertEquals("untitled", first.negative().orElseThrow().text());
        SupervisedSet.Example second = set.example(1, 0);
        assertEquals("\u00e9 {[\"]}", second.query().text());
        assertEquals("no key", second.positive().text());
        assertEquals("null", second.negative().orElseThrow().text());
      }
    }
    Path broken =
        Files.writeString(folder.resolve("broken.json"), records.replace("\"docid\": \"c\",", ""));
    Files.writeString(
        broken, Files.readString(broken).replace("\"text\": \"null\"", "\"text\": 1"));
    IOException e =
        assertThrows(
            IOException.class,
            () -> SupervisedSet.openPlain(broken, options(1, 3, UPSTREAM), strict()));
    assertTrue(e.getMessage().contains(broken + ":2: \"negative_passages\""), e.getMessage());
    Files.writeString(broken, records.stripTrailing().replaceFirst("]$", ""));
    e =
        assertThrows(
            IOException.class,
            () -> SupervisedSet.openPlain(broken, options(1, 3, UPSTREAM), strict()));
    assertTrue(e.getMessage().contains(broken.toString()), e.getMessage());
  }

  @Test
  void keepsBatchesWithinADatasetAndMixesThemAnewEveryEpoch() throws IOException {
    Path many = Files.createDirectories(folder.resolve("many"));
    int[] sizes = {10, 3, 25};
    for (int d = 0; d < sizes.length; d++) {
      int dataset = d;
      Files.write(
          many.resolve("d" + d + ".jsonl"),
          IntStream.range(0, sizes[d])
              .mapToObj(i -> "{\"query\":\"%d %d\",\"positive\":\"p\"}".formatted(dataset, i))
              .toList());
    }
    try (SupervisedSet set = SupervisedSet.openPlain(many, options(4, 9, UPSTREAM), strict())) {
      List<Long> first = ids(set.order(0));
      assertEquals((2 + 0 + 6) * 4, first.size());
      assertEquals(first.size(), new HashSet<>(first).size());
      assertEquals(first, ids(set.order(0)));
      assertNotEquals(first, ids(set.order(1)));
      for (int start = 0; start < first.size(); start += 4) {
        Set<String> datasets = new HashSet<>();
        for (long id : first.subList(start, start + 4)) {
          datasets.add(set.example(id, 0).query().text().substring(0, 1));
        }
        assertEquals(1, datasets.size());
      }
    }
  }

  @Test
  void reportsACorruptLineBeforeTrainingStarts() throws IOException {
    Path file = folder.resolve("a.jsonl");
    Files.writeString(
        file,
        """
        {"query":"q","positive":"p"}
        {"query":"q"}
        {"query":1,"positive":"p"}
        {"query":"q","positive":"p","negative":"n"}
        """);
    IOException e =
        assertThrows(
            IOException.class,
            () -> SupervisedSet.openPlain(file, options(1, 1, UPSTREAM), strict()));
    assertTrue(
        e.getMessage().startsWith(file + ":2: there is no \"positive\"; a line must look like"),
        e.getMessage());
    CorruptLines lenient = new CorruptLines(DataAccess.CorruptLinePolicy.SKIP);
    try (SupervisedSet set = SupervisedSet.openPlain(file, options(1, 1, UPSTREAM), lenient)) {
      assertEquals(1, set.order(0).size());
    }
    assertEquals(3, lenient.skipped());
    assertTrue(lenient.examples().get(2).contains("all of a dataset must be alike"));
  }

  @Test
  void refusesLessThanOneBatch() throws IOException {
    Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"query\":\"q\",\"pos\":[\"p\"]}");
    IOException e =
        assertThrows(
            IOException.class,
            () -> SupervisedSet.openPlain(file, options(2, 1, UPSTREAM), strict()));
    assertTrue(e.getMessage().contains("no dataset has the 2 examples of one batch"));
  }
}
