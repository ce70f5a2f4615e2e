/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real model, a real Solr over HTTP and real texts. */
class DemoCommandTest {

  private static final String MODEL = "../examples/models/stories260K";
  private static final int DOCUMENTS = 60;

  @TempDir private Path folder;
  private Path corpus;
  private Path queries;

  private final CommandRunner runner = CommandRunner.withRealModels();

  /** Sixty abstracts with the title as part of the text, and the first five claims. */
  @BeforeEach
  void writeFiles() throws IOException {
    corpus = folder.resolve("corpus.jsonl");
    queries = folder.resolve("queries.jsonl");
    ObjectMapper json = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    try (TextReader reader =
        TextReader.open(
            CommandRunner.SURROUNDINGS.example("scifact/corpus.jsonl.gz"), TextFormat.AUTO)) {
      for (int i = 0; i < DOCUMENTS; i++) {
        TextRecord text = reader.next().orElseThrow();
        ObjectNode line =
            json.createObjectNode().put("id", id(i, text.id())).put("text", text.content());
        lines.add(json.writeValueAsString(line));
      }
    }
    Files.write(corpus, lines);
    Path claims = CommandRunner.SURROUNDINGS.example("scifact/queries.jsonl");
    Files.write(queries, Files.readAllLines(claims).subList(0, 5));
  }

  /** Ids with everything that has a meaning somewhere on the way. */
  private static String id(int number, String id) {
    return switch (number) {
      case 0 -> id + ",\\x,";
      case 1 -> "\"{!x}&=+%" + id;
      default -> id;
    };
  }

  @AfterEach
  void restoreLogging() {
    Configurator.reconfigure();
  }

  @Test
  void findsThroughSolrWhatLuceneFindsExactly() {
    assertEquals(0, demo(folder.resolve("home")), runner.err());
    List<String> throughSolr = hits("  [ *] ([0-9.]+)  (\\S+) ");
    assertEquals(15, throughSolr.size(), "three hits shown for each of five queries");
    assertTrue(runner.out().contains("5 queries over HTTP"), runner.out());
    assertTrue(runner.err().contains("60 documents in the collection"), runner.err());

    assertEquals(
        0,
        runner.run(
            "search",
            "--model",
            MODEL,
            "--corpus",
            corpus.toString(),
            "--queries",
            queries.toString(),
            "--exact",
            "--top-k",
            "3"));
    assertEquals(hits(" +[123]\\. ([0-9.]+)  (\\S+) "), throughSolr);
  }

  @Test
  void goesOnWithItsHomeAndRefusesAnotherModelThere() throws IOException {
    Path home = folder.resolve("home");
    List<String> all = Files.readAllLines(corpus);
    Files.write(corpus, all.subList(0, 20));
    assertEquals(0, demo(home), runner.err());
    assertFalse(runner.err().contains("indexed already"), runner.err());

    Files.write(corpus, all);
    assertEquals(0, demo(home), runner.err());
    assertTrue(runner.err().contains("20 documents were indexed already"), runner.err());
    assertTrue(runner.err().contains("60 documents in the collection"), runner.err());

    assertEquals(1, demo(home, "--pooling", "weighted_mean"));
    assertTrue(runner.err().contains("made with another model or other options"), runner.err());
  }

  @Test
  void saysWhatIsWrongWithTheModelBeforeSolrIsStarted() {
    assertEquals(1, demo(folder.resolve("home"), "--model", folder.toString()));
    assertTrue(runner.err().contains(folder.toString()), runner.err());
    assertFalse(runner.err().contains("Starting Solr"), runner.err());
    assertEquals(1, demo(folder.resolve("home"), "--compat", "upstream"));
    assertTrue(runner.err().contains("has no place for"), runner.err());
  }

  @Test
  void keepsItsOwnHomeForTheNextStart() throws IOException {
    Files.write(corpus, Files.readAllLines(corpus).subList(0, 10));
    assertEquals(0, demo(), runner.err());
    assertTrue(runner.err().contains("10 documents in the collection"), runner.err());
    assertEquals(0, demo(), runner.err());
    assertTrue(runner.err().contains("The index of the last time is still right"), runner.err());
    assertTrue(runner.out().contains("5 queries over HTTP"), runner.out());
  }

  private int demo() {
    return runner.run(
        "demo",
        "--once",
        "--port",
        "0",
        "--model",
        MODEL,
        "--corpus",
        corpus.toString(),
        "--queries",
        queries.toString());
  }

  private int demo(Path home, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("demo", "--once", "--port", "0", "--home", home.toString(), "--corpus"));
    arguments.addAll(List.of(corpus.toString(), "--queries", queries.toString()));
    if (!List.of(more).contains("--model")) {
      arguments.addAll(List.of("--model", MODEL));
    }
    arguments.addAll(Arrays.asList(more));
    return runner.run(arguments.toArray(String[]::new));
  }

  /** Score and id of every hit that was printed. */
  private List<String> hits(String line) {
    return Pattern.compile("^" + line, Pattern.MULTILINE)
        .matcher(runner.out())
        .results()
        .map((MatchResult hit) -> hit.group(1) + " " + hit.group(2))
        .toList();
  }
}
