/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.encoder.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchCommandTest {

  private static final int DOCUMENTS = 300;

  @TempDir private Path folder;
  private Path corpus;
  private Path queries;
  private Path index;
  private HashEncoder encoder = new HashEncoder(16);
  private final CommandRunner runner = new CommandRunner(options -> encoder);

  @BeforeEach
  void writeFiles() throws IOException {
    corpus = folder.resolve("corpus.jsonl");
    queries = folder.resolve("queries.jsonl");
    index = folder.resolve("index");
    Files.writeString(corpus, documents(0, DOCUMENTS));
    Files.writeString(
        queries,
        """
        {"_id":"q1","text":"word7"}
        {"_id":"q2","text":"document of nothing else"}
        {"_id":"q3","text":" "}
        """);
  }

  private static String documents(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            i ->
                "{\"_id\":\"d%d\",\"title\":\"Title %d\",\"text\":\"a document with word%d\"}%n"
                    .formatted(i, i, i))
        .collect(Collectors.joining());
  }

  private static String content(int document) {
    return "Title " + document + " a document with word" + document;
  }

  /** The nearest documents by cosine, computed here over all of them. */
  private List<String> nearest(String query, int count) {
    float[] target = encoder.vector(query, Prompt.query());
    Map<String, Double> cosines = new TreeMap<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      float[] vector = encoder.vector(content(i), Prompt.document());
      cosines.put("d" + i, dot(target, vector) / Math.sqrt(dot(vector, vector)));
    }
    return cosines.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(count)
        .map(Map.Entry::getKey)
        .toList();
  }

  private static double dot(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> (double) a[i] * b[i]).sum();
  }

  @Test
  void writesTheNearestDocumentsAsARunFile() throws IOException {
    Path run = folder.resolve("run.trec");
    assertEquals(
        0,
        search(
            "--corpus",
            corpus,
            "--queries",
            queries,
            "--output",
            run,
            "--top-k",
            "5",
            "--ef-search",
            "300"));
    List<String[]> rows =
        Files.readAllLines(run).stream().map(line -> line.split(" ", -1)).toList();
    assertEquals(10, rows.size(), "five hits for each of two queries, none for the blank one");
    assertEquals(nearest("word7", 5), rows.subList(0, 5).stream().map(row -> row[2]).toList());
    assertEquals(
        nearest("document of nothing else", 5),
        rows.subList(5, 10).stream().map(row -> row[2]).toList());
    for (int i = 0; i < rows.size(); i++) {
      String[] row = rows.get(i);
      assertEquals(6, row.length);
      assertEquals(i < 5 ? "q1" : "q2", row[0]);
      assertEquals("Q0", row[1]);
      assertEquals(Integer.toString(i % 5 + 1), row[3]);
      assertEquals("llm2vec-dense", row[5]);
      assertTrue(
          i % 5 == 0 || Double.parseDouble(row[4]) <= Double.parseDouble(rows.get(i - 1)[4]));
    }
    assertTrue(runner.err().contains("SIMD is o"), runner.err());
    assertTrue(runner.err().contains("300 documents."), runner.err());
    try (var files = Files.list(folder)) {
      assertEquals(3, files.count(), "the index was temporary and nothing is left of it");
    }
  }

  @Test
  void findsByWordsAndByBoth() {
    runner.typing("word7\n");
    assertEquals(0, search("--corpus", corpus, "--mode", "bm25", "--top-k", "3"));
    assertTrue(runner.out().contains("(1 hits"), runner.out());
    assertTrue(runner.out().contains("d7  Title 7"), runner.out());
    assertEquals(0, search("--corpus", corpus, "--mode", "hybrid", "--top-k", "3"));
    List<String> ids =
        runner
            .out()
            .lines()
            .filter(line -> line.matches(" +[123]\\. .*"))
            .map(line -> line.split(" +", -1)[3])
            .toList();
    assertEquals(3, ids.size(), runner.out());
    // The only hit by words has two terms in its sum, the best by vectors one.
    assertTrue(ids.contains("d7") && ids.contains(nearest("word7", 1).get(0)), ids.toString());
  }

  @Test
  void answersEveryTypedLineExactly() {
    runner.typing("word7\n\nword8\n");
    assertEquals(0, search("--corpus", corpus, "--exact", "--top-k", "2"));
    List<String> ids =
        runner
            .out()
            .lines()
            .filter(line -> line.matches(" +[12]\\. .*"))
            .map(line -> line.split(" +", -1)[3])
            .toList();
    List<String> expected = new ArrayList<>(nearest("word7", 2));
    expected.addAll(nearest("word8", 2));
    assertEquals(expected, ids);
  }

  @Test
  void goesOnWhereAnInterruptedRunStopped() throws IOException {
    HashEncoder failing = new HashEncoder(16).failingAfter(150);
    encoder = failing;
    assertEquals(1, search("--corpus", corpus, "--index", index));
    assertEquals(128, failing.encoded().size());

    encoder = new HashEncoder(16);
    assertEquals(0, search("--corpus", corpus, "--index", index));
    assertTrue(runner.err().contains("128 documents were indexed already"), runner.err());
    assertTrue(runner.err().contains("300 documents."), runner.err());
    assertEquals(DOCUMENTS - 128, encoder.encoded().size());

    encoder = new HashEncoder(16);
    assertEquals(0, search("--corpus", corpus, "--index", index));
    assertEquals(List.of(), encoder.encoded());
  }

  @Test
  void encodesChangedDocumentsAgainAndReplacesThem() throws IOException {
    assertEquals(0, search("--corpus", corpus, "--index", index));
    Files.writeString(corpus, documents(0, DOCUMENTS).replace("word8\"", "something new\""));
    encoder = new HashEncoder(16);
    assertEquals(0, search("--corpus", corpus, "--index", index));
    assertEquals(List.of("Title 8 a document with something new"), encoder.encoded());
    assertTrue(runner.err().contains("300 documents."), runner.err());
    encoder = new HashEncoder(16);
    assertEquals(0, search("--corpus", corpus, "--index", index));
    assertEquals(List.of(), encoder.encoded());
  }

  @Test
  void refusesAnIndexOfAnotherModelOrInstruction() {
    assertEquals(0, search("--corpus", corpus, "--index", index));
    encoder = new HashEncoder(32);
    assertEquals(1, search("--corpus", corpus, "--index", index));
    assertTrue(runner.err().contains("dimensions"), runner.err());
    assertEquals(1, search("--index", index));
    encoder = new HashEncoder(16);
    assertEquals(1, search("--index", index, "--doc-instruction", "Represent:"));
    assertTrue(
        runner.err().contains("encoded with the instruction '', now it is 'Represent:'"),
        runner.err());
    assertEquals(0, search("--index", index));
  }

  @Test
  void saysWhatIsMissing() {
    assertEquals(2, search());
    assertTrue(runner.err().contains("give --corpus, --index or both"), runner.err());
    assertEquals(2, search("--index", index, "--output", folder.resolve("run")));
    assertTrue(runner.err().contains("--output needs --queries"), runner.err());
    assertEquals(2, search("--index", index, "--exact", "--mode", "bm25"));
    assertEquals(2, search("--index", index, "--exact", "--ef-search", "50"));
    assertTrue(runner.err().contains("--ef-search is about the graph"), runner.err());
    assertEquals(2, search("--index", index, "--top-k", "20", "--ef-search", "19"));
    assertTrue(runner.err().contains("--ef-search must be at least --top-k = 20, got 19"));
    assertEquals(1, search("--index", index));
    assertTrue(runner.err().contains("there is no index in"), runner.err());
    assertFalse(runner.err().contains("--verbose"), runner.err());
  }

  private int search(Object... options) {
    List<String> arguments = new ArrayList<>(List.of("search", "--model", "m"));
    Arrays.stream(options).map(Object::toString).forEach(arguments::add);
    return runner.run(arguments.toArray(String[]::new));
  }
}
