/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One meaning in WordNet, in the format of its manual page wndb(5).
 *
 * @param terms its synonyms, the most frequent first
 * @param definition what they mean
 * @param examples sentences that use one of them
 */
record Synset(List<String> terms, String definition, List<String> examples) {

  private static final List<String> PARTS = List.of("noun", "verb", "adj", "adv");
  private static final int WORD_COUNT_FIELD = 3;
  private static final int HEX = 16;

  Synset {
    terms = List.copyOf(terms);
    examples = List.copyOf(examples);
  }

  /** Reads {@code data.noun} and the others of a folder. */
  static void readAll(Path folder, Consumer<Synset> synsets) throws IOException {
    for (String part : PARTS) {
      Path file = folder.resolve("data." + part);
      try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          int bar = line.indexOf(" | ");
          // The licence at the start of every file is indented.
          if (!line.startsWith(" ") && bar >= 0) {
            synsets.accept(parse(line.substring(0, bar).split(" "), line.substring(bar + 3)));
          }
        }
      }
    }
  }

  private static Synset parse(String[] fields, String gloss) {
    String[] quoted = gloss.split("\"", -1);
    List<String> examples = new ArrayList<>();
    for (int i = 1; i < quoted.length; i += 2) {
      examples.add(trimmed(quoted[i]));
    }
    return new Synset(terms(fields), trimmed(quoted[0]), examples);
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
