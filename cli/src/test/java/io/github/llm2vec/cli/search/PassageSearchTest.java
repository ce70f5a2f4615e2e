/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code search --passages}: the encoder tells no tokens, so that every word is one. */
class PassageSearchTest {

  private static final int DOCUMENTS = 40;
  private static final int TOKENS = 5;
  private static final int OVERLAP = 2;
  private static final String QUERY = "what is it about";

  @TempDir private Path folder;
  private Path corpus;
  private Path index;
  private HashEncoder encoder = new HashEncoder(16);
  private final CommandRunner runner = new CommandRunner(options -> encoder);

  @BeforeEach
  void writeCorpus() throws IOException {
    corpus = folder.resolve("corpus.jsonl");
    index = folder.resolve("index");
    Files.writeString(corpus, documents());
  }

  private static String documents() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < DOCUMENTS; i++) {
      lines.append(
          "{\"_id\":\"d%d\",\"title\":\"Title %d\",\"text\":\"%s\"}\n".formatted(i, i, text(i)));
    }
    return lines.toString();
  }

  /** Of 1 to 20 words, each of which occurs once. */
  private static String text(int document) {
    return String.join(
        " ",
        IntStream.rangeClosed(0, document % 20).mapToObj(i -> "w" + document + "x" + i).toList());
  }

  /** A passage, found by what is said of windows: every third word begins one of five. */
  private record Passage(String id, String words, int start, double cosine) {}

  private List<Passage> passages(int document) {
    List<Passage> passages = new ArrayList<>();
    String[] words = text(document).split(" ", -1);
    float[] target = encoder.vector(QUERY, Prompt.query());
    for (int first = 0; first == 0 || first + OVERLAP < words.length; first += TOKENS - OVERLAP) {
      int end = Math.min(words.length, first + TOKENS);
      String passage = String.join(" ", Arrays.copyOfRange(words, first, end));
      float[] vector = encoder.vector("Title " + document + " " + passage, Prompt.document());
      passages.add(
          new Passage(
              "d" + document,
              passage,
              text(document).indexOf(passage),
              dot(target, vector) / Math.sqrt(dot(vector, vector) * dot(target, target))));
    }
    return passages;
  }

  private static double dot(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> (double) a[i] * b[i]).sum();
  }

  /** The best passage of every document, best first. */
  private List<Passage> best() {
    Map<String, Passage> best = new HashMap<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      for (Passage passage : passages(i)) {
        best.merge(
            passage.id(), passage, (old, other) -> other.cosine() > old.cosine() ? other : old);
      }
    }
    return best.values().stream()
        .sorted(Comparator.comparingDouble(passage -> -passage.cosine()))
        .toList();
  }

  @Test
  void documentsAreFoundByTheirBestPassagesWhichAreShown() {
    runner.typing(QUERY + "\n");
    assertEquals(0, searchPassages("--top-k", 6, "--ef-search", 500), runner.err());
    assertTrue(runner.err().contains("40 documents."), runner.err());
    List<String> printed =
        Pattern.compile("(?m)^ +\\d\\. (\\S+)  (d\\d+)  Title \\d+\n +\\[(\\d+)-(\\d+)\\] (.*)$")
            .matcher(runner.out())
            .results()
            .map(PassageSearchTest::hit)
            .toList();
    List<String> expected =
        best().subList(0, 6).stream()
            .map(
                passage ->
                    "%.4f %s %d-%d %s"
                        .formatted(
                            (1 + passage.cosine()) / 2,
                            passage.id(),
                            passage.start(),
                            passage.start() + passage.words().length(),
                            passage.words()))
            .toList();
    assertEquals(expected, printed);
  }

  private static String hit(MatchResult found) {
    return "%s %s %s-%s %s"
        .formatted(found.group(1), found.group(2), found.group(3), found.group(4), found.group(5));
  }

  @Test
  void wordsFindDocumentsAndBothAreFused() {
    runner.typing("w33x7\n");
    assertEquals(0, searchPassages("--mode", "bm25"));
    assertTrue(runner.out().contains("(1 hits"), runner.out());
    assertTrue(runner.out().contains("d33  Title 33\n     w33x0 w33x1"), runner.out());
    runner.typing(QUERY + "\n");
    assertEquals(0, searchPassages("--mode", "hybrid", "--top-k", 1, "--ef-search", 500));
    Passage nearest = best().get(0);
    // No word of the query is in the collection: the vectors alone have found it.
    assertTrue(runner.out().contains("0.0164  " + nearest.id() + "  "), runner.out());
    assertTrue(runner.out().contains("] " + nearest.words() + "\n"), runner.out());
  }

  @Test
  void keptIndexIsSearchedSoAndGoesOnWithTheSameOptionsOnly() throws IOException {
    assertEquals(0, searchPassages("--index", index));
    encoder = new HashEncoder(16);
    runner.typing(QUERY + "\n");
    assertEquals(0, search("--index", index, "--ef-search", 500));
    assertTrue(runner.out().contains("] " + best().get(0).words() + "\n"), runner.out());
    assertEquals(List.of(QUERY), encoder.encoded());

    Files.writeString(corpus, documents().replace("w2x1 w2x2", "w2x1 other"));
    encoder = new HashEncoder(16);
    runner.typing("");
    assertEquals(0, searchPassages("--index", index));
    assertTrue(runner.err().contains("39 documents were indexed already"), runner.err());
    assertTrue(runner.err().contains("40 documents."), "replaced with its passages");
    assertEquals(List.of("Title 2 w2x0 w2x1 other"), encoder.encoded());

    assertEquals(1, search("--corpus", corpus, "--index", index));
    assertTrue(
        runner.err().contains("holds passages of 5 tokens, overlap 2, not whole documents"),
        runner.err());
    assertEquals(1, search("--corpus", corpus, "--index", index, "--passages"));
    assertTrue(runner.err().contains("not passages of 256 tokens, overlap 32"), runner.err());
    runner.typing(QUERY + "\n");
    assertEquals(1, search("--index", index, "--exact"));
    assertTrue(runner.err().contains("this index holds passages"), runner.err());
  }

  @Test
  void indexOfWholeDocumentsIsNotSearchedForPassages() {
    assertEquals(0, search("--corpus", corpus, "--index", index));
    assertEquals(1, search("--index", index, "--passages"));
    assertTrue(
        runner.err().contains("holds whole documents, not passages of 256 tokens"), runner.err());
  }

  @Test
  void saysWhatDoesNotFitTogether() {
    assertEquals(2, search("--index", index, "--passage-tokens", 9));
    assertTrue(runner.err().contains("need --passages"), runner.err());
    assertEquals(2, search("--index", index, "--passages", "--exact"));
    assertTrue(runner.err().contains("--exact does not go with --passages"), runner.err());
    assertEquals(
        2, search("--index", index, "--passages", "--passage-tokens", 9, "--passage-overlap", 9));
    assertTrue(runner.err().contains("below --passage-tokens = 9, got 9"), runner.err());
  }

  private int searchPassages(Object... options) {
    List<Object> all =
        new ArrayList<>(
            List.of(
                "--corpus",
                corpus,
                "--passages",
                "--passage-tokens",
                TOKENS,
                "--passage-overlap",
                OVERLAP));
    all.addAll(Arrays.asList(options));
    return search(all.toArray());
  }

  private int search(Object... options) {
    List<String> arguments = new ArrayList<>(List.of("search", "--model", "m"));
    Arrays.stream(options).map(Object::toString).forEach(arguments::add);
    return runner.run(arguments.toArray(String[]::new));
  }
}
