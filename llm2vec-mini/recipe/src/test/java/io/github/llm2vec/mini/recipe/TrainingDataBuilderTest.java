/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.mini.recipe.PairSource.Pair;
import io.github.llm2vec.mini.recipe.TrainingDataBuilder.RecipeOptions;
import io.github.llm2vec.mini.recipe.TrainingDataBuilder.SourceReport;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sources in the formats that their packages have, small enough to say what must come of them. */
class TrainingDataBuilderTest {

  @TempDir private Path folder;
  private Path packages;
  private Path collections;

  @BeforeEach
  void writeSources() throws IOException {
    packages = folder.resolve("packages");
    collections = folder.resolve("collections");
    // From WordNet 3.0, Copyright 2006 by Princeton University.
    write(
        "wordnet-base/usr/share/wordnet/data.noun",
        "  1 This software and database is being provided to you\n"
            + "00976953 04 n 03 foray 0 raid 0 air_raid 0 001 @ 00975452 n 0000 | a sudden short"
            + " attack; \"the foray of the soldiers came at night\"  \n"
            + "03563967 06 n 01 hut 0 000 | small crude shelter used as a dwelling  \n");
    for (String part : List.of("verb", "adj", "adv")) {
      write("wordnet-base/usr/share/wordnet/data." + part, "");
    }
    // From FOLDOC, "Copyright 1985 by Denis Howe", GFDL.
    gzip(
        packages.resolve("dict-foldoc/usr/share/dictd/foldoc.dict.dz"),
        """
        00-database-info
           This file is a dictionary of many many words.

        *LISP

           <language> (StarLISP) A {data-parallel} extension of {Common LISP}
           developed by Cliff Lasser and Steve Omohundro.

           [{Jargon File}]

           (1994-11-08)
        """);
    write(
        "Translation-en",
        """
        Package: chess
        Description-md5: 0
        Description-en: plays a game of chess
         A program that plays against the user or against itself,
         .
         with a search as deep as time allows.

        Package: chess-dev
        Description-en: chess, development files
         Headers that are needed by those who want to build a program with it.

        """);
    // From the Gene Ontology, CC BY 4.0.
    write(
        "ontologies/GO.json",
        """
        {"GO:0000001": {"label": "mitochondrion inheritance", "ancestors": {"GO:0048308": 1},
          "description": "The distribution of mitochondria into daughter cells after mitosis.",
          "synonyms": ["mitochondrion inheritance", "mitochondrial inheritance"]},
         "GO:0000003": {"label": "reproduction", "description": "See elsewhere."},
         "GO:0000005": {"label": "obsolete chaperoning", "deprecated": true,
          "description": "Assists in the correct assembly of ribosomes but is not part of them."}}
        """);
    write(
        "sqlite3-doc/usr/share/doc/a.html",
        "<html><head><title>no</title></head><h1>2.1 How to choose a page size</h1><p>Pages are"
            + " units&nbsp;of reading &amp; writing. <pre>code</pre>A larger one makes long rows"
            + " cheap and short updates dear, so measure with your own data before.</p>"
            + "<h2>sqlite3_open (and all its flags)</h2><p>Nobody who searches asks for a function by"
            + " its name and so this section is left out however many words it may have.</p></html>");
    gzip(
        collections.resolve("pairs/snli-devtest/triples.dev.jsonl.gz"),
        "{\"query\":\"a man eats\",\"positive\":\"someone eats\"}\n");
    gzip(
        collections.resolve("pairs/snli-devtest/triples.test.jsonl.gz"),
        "{\"query\":\"this is measured on\",\"positive\":\"not trained on\"}\n");
  }

  private void write(String name, String content) throws IOException {
    Path file = packages.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private static void gzip(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void readsEverySource() throws IOException {
    build(List.of(), 100);
    Map<String, String> positives = new TreeMap<>();
    JsonNode synonyms = null;
    for (JsonNode line : pairs()) {
      if (line.path("source").asText().equals("synonyms")) {
        assertNull(synonyms, "only one synset has several terms");
        synonyms = line;
      } else {
        positives.put(line.path("query").asText(), line.path("positive").asText());
      }
    }
    assertEquals(
        Map.of(
            "foray, raid, air raid", "a sudden short attack",
            "the foray of the soldiers came at night", "foray: a sudden short attack",
            "hut", "small crude shelter used as a dwelling",
            "*LISP",
                "(StarLISP) A data-parallel extension of Common LISP developed by Cliff Lasser and"
                    + " Steve Omohundro.",
            "plays a game of chess",
                "A program that plays against the user or against itself, with a search as deep as"
                    + " time allows.",
            "How to choose a page size",
                "Pages are units of reading & writing. A larger one makes long rows cheap and short"
                    + " updates dear, so measure with your own data before.",
            "mitochondrion inheritance",
                "The distribution of mitochondria into daughter cells after mitosis.",
            "mitochondrial inheritance",
                "mitochondrion inheritance: The distribution of mitochondria into daughter cells"
                    + " after mitosis.",
            "a man eats", "someone eats"),
        positives);
    List<String> others = new ArrayList<>(List.of("foray", "raid", "air raid"));
    assertTrue(others.remove(synonyms.path("query").asText()), synonyms.toString());
    assertEquals(
        String.join(", ", others) + ": a sudden short attack", synonyms.path("positive").asText());
    List<String> sentences = Files.readAllLines(folder.resolve("out/sentences.txt"));
    assertTrue(sentences.contains("small crude shelter used as a dwelling"), sentences.toString());
    assertEquals(9, Files.readAllLines(folder.resolve("out/text.txt")).size());
    List<String> taught = Files.readAllLines(folder.resolve("out/texts.txt"));
    assertEquals(taught.size(), Set.copyOf(taught).size(), taught.toString());
    assertTrue(
        taught.containsAll(List.of("hut", "mitochondrial inheritance", "a sudden short attack")),
        taught.toString());
    int longest = taught.stream().mapToInt(text -> text.split(" ").length).max().orElseThrow();
    assertEquals(24, longest); // the section about pages has more
  }

  @Test
  void cutsPiecesOutOfLongTexts() throws IOException {
    String article =
        IntStream.range(0, 130).mapToObj(i -> "w" + i).collect(Collectors.joining(" ", " ", " \n"));
    gzip(
        collections.resolve("text/wikitext-2/wiki.valid.tokens.gz"),
        " = Title = \n \n" + article + " too short , it is \n");
    build(List.of(), 100);
    List<Path> kinds = files(folder.resolve("out/pairs"));
    assertTrue(kinds.contains(folder.resolve("out/pairs/wikitext-crops.jsonl")), kinds.toString());
    int pieces = 0;
    for (JsonNode line : pairs()) {
      if (line.path("source").asText().equals("wikitext-crops")) {
        pieces++;
        assertTrue(article.contains(" " + line.path("query").asText() + " "), line.toString());
        assertTrue(article.contains(" " + line.path("positive").asText() + " "), line.toString());
        assertTrue(Words.of(line.path("query").asText()).size() <= 16, line.toString());
      }
    }
    assertEquals(2, pieces); // one for every 60 words
  }

  @Test
  void putsTokensOfProseTogether() throws IOException {
    gzip(
        collections.resolve("text/wikitext-2/wiki.valid.tokens.gz"),
        " The well @-@ known lobster 's 1 @,@ 000 eggs ( or <unk> 2 @.@ 5 ) , it is said . \n");
    List<Pair> read = new ArrayList<>();
    new ParagraphSource("w", collections.resolve("text/wikitext-2/wiki.valid.tokens.gz"))
        .read(read::add);
    assertEquals(
        "The well-known lobster's 1,000 eggs (or 2.5), it is said.", read.get(0).positive());
  }

  @Test
  void writesTheSameFilesAgain() throws IOException {
    build(List.of(), 100);
    Path first = Files.move(folder.resolve("out"), folder.resolve("first"));
    build(List.of(), 100);
    List<Path> written = files(folder.resolve("out"));
    assertEquals(files(first).size(), written.size());
    for (Path file : written) {
      Path before = first.resolve(folder.resolve("out").relativize(file));
      assertEquals(-1, Files.mismatch(before, file), file.toString());
    }
  }

  @Test
  void leavesOutWhatTestCollectionsHave() throws IOException {
    Path kept = Files.createDirectories(folder.resolve("tests"));
    Files.writeString(
        kept.resolve("corpus.jsonl"),
        "{\"_id\":\"1\",\"title\":\"\",\"text\":\"It has a PROGRAM that plays against the user, or"
            + " against  itself!\"}\n");
    Files.writeString(kept.resolve("pairs.tsv"), "5\tan unrelated line\n");
    List<SourceReport> reports = build(List.of(kept), 100);
    for (SourceReport report : reports) {
      assertEquals(report.name().equals("descriptions") ? 1 : 0, report.leaking(), report.name());
    }
    for (JsonNode line : pairs()) {
      assertFalse(line.toString().contains("against itself"), line.toString());
    }
  }

  @Test
  void takesEvenlyFromASourceThatIsTooLarge() throws IOException {
    List<SourceReport> reports = build(List.of(), 2);
    assertEquals(new SourceReport("wordnet", 3, 0, 2), reports.get(0));
  }

  @Test
  void saysThatThereIsNoSource() {
    packages = folder.resolve("nothing");
    collections = packages;
    IOException failure = assertThrows(IOException.class, () -> build(List.of(), 100));
    assertTrue(failure.getMessage().contains(packages.toString()), failure.getMessage());
  }

  private List<SourceReport> build(List<Path> keptOut, int most) throws IOException {
    RecipeOptions options =
        new RecipeOptions(packages, collections, keptOut, folder.resolve("out"), most, 50, 42);
    return new TrainingDataBuilder(options).build(report -> {});
  }

  private List<JsonNode> pairs() throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (Path file : files(folder.resolve("out/pairs"))) {
      for (String line : Files.readAllLines(file)) {
        lines.add(new JsonMapper().readTree(line));
      }
    }
    return lines;
  }

  private static List<Path> files(Path below) throws IOException {
    try (Stream<Path> files = Files.walk(below)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
