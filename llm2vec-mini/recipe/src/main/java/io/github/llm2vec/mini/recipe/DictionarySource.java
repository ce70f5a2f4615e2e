/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A dictionary as the server dictd has it: headwords at the start of a line, definitions indented.
 * The term finds what is said of it.
 *
 * @param name short, for the report
 * @param file the {@code .dict.dz}, which is a gzip file
 */
record DictionarySource(String name, Path file) implements PairSource {

  private static final int LEAST_WORDS = 6;
  private static final int MOST_TERM_WORDS = 6;

  /** Subjects, dates, addresses, names of authors. */
  private static final Pattern NOTES =
      Pattern.compile(
          "<[^>]*>|\\(\\d{4}-\\d\\d-\\d\\d\\)|\\{?\\(https?:[^)]*\\)\\}?"
              + "|--[A-Z][\\w. ]*|\\([^)]*\\?[^)]*\\)|^/[^/]+/");

  /** Origins and sources; they may hold one another. */
  private static final Pattern BRACKETS = Pattern.compile("\\[[^\\[\\]]*\\]");

  private static final Pattern BRACES = Pattern.compile("[{}]");

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    try (BufferedReader lines = GzipLines.open(file)) {
      String term = "";
      StringBuilder body = new StringBuilder();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isBlank() || line.startsWith(" ")) {
          body.append(line).append(' ');
          continue;
        }
        entry(term, body.toString(), pairs);
        term = line;
        body.setLength(0);
      }
      entry(term, body.toString(), pairs);
    }
  }

  private static void entry(String head, String body, Consumer<Pair> pairs) {
    String term = clean(head);
    String text = clean(body);
    boolean isEntry =
        !term.startsWith("00-database") && term.codePoints().anyMatch(Character::isLetter);
    if (isEntry
        && Words.of(term).size() <= MOST_TERM_WORDS
        && Words.of(text).size() >= LEAST_WORDS) {
      pairs.accept(new Pair(term, text));
    }
  }

  private static String clean(String text) {
    String plain = NOTES.matcher(Words.oneLine(text)).replaceAll(" ");
    for (String next = ""; !next.equals(plain); ) {
      next = plain;
      plain = BRACKETS.matcher(plain).replaceAll(" ");
    }
    return Words.oneLine(BRACES.matcher(plain).replaceAll("")).replaceFirst("^[,;\\s]+", "");
  }
}
