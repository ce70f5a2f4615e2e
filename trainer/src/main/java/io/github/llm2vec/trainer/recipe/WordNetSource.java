/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.recipe;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * WordNet's synsets, in the format of its manual page wndb(5): the synonyms find the definition,
 * and a sentence that uses one of them finds it, too.
 */
final class WordNetSource implements PairSource {

  private static final List<String> PARTS = List.of("noun", "verb", "adj", "adv");
  private static final int WORD_COUNT_FIELD = 3;
  private static final int HEX = 16;
  private static final int LEAST_DEFINITION_WORDS = 4;
  private static final int LEAST_EXAMPLE_WORDS = 5;

  private final Path folder;

  /** Reads a folder with {@code data.noun} and the others. */
  WordNetSource(Path folder) {
    this.folder = folder;
  }

  @Override
  public String name() {
    return "wordnet";
  }

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    for (String part : PARTS) {
      Path file = folder.resolve("data." + part);
      try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          // The licence at the start of every file is indented.
          if (!line.startsWith(" ")) {
            synset(line, pairs);
          }
        }
      }
    }
  }

  private static void synset(String line, Consumer<Pair> pairs) {
    int bar = line.indexOf(" | ");
    if (bar < 0) {
      return;
    }
    String gloss = line.substring(bar + 3).strip();
    int quote = gloss.indexOf('"');
    String definition = trimmed(quote < 0 ? gloss : gloss.substring(0, quote));
    if (Words.of(definition).size() < LEAST_DEFINITION_WORDS) {
      return;
    }
    List<String> terms = terms(line.substring(0, bar).split(" "));
    pairs.accept(new Pair(String.join(", ", terms), definition));
    for (int i = 1; quote >= 0 && i < gloss.split("\"", -1).length; i += 2) {
      String example = trimmed(gloss.split("\"", -1)[i]);
      if (Words.of(example).size() >= LEAST_EXAMPLE_WORDS) {
        pairs.accept(new Pair(example, terms.get(0) + ": " + definition));
      }
    }
  }

  /** {@code offset file type count word id word id ...}, the count in hexadecimal digits. */
  private static List<String> terms(String[] fields) {
    int count = Integer.parseInt(fields[WORD_COUNT_FIELD], HEX);
    List<String> terms = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String term = fields[WORD_COUNT_FIELD + 1 + 2 * i].replace('_', ' ');
      int marker = term.indexOf('(');
      terms.add(marker > 0 ? term.substring(0, marker) : term);
    }
    return terms;
  }

  private static String trimmed(String text) {
    String line = Words.oneLine(text);
    while (line.endsWith(";") || line.endsWith(",") || line.endsWith(":")) {
      line = line.substring(0, line.length() - 1).strip();
    }
    return line;
  }
}
