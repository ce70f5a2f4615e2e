/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Descriptions of Debian's packages, from the file {@code Translation-en} of its archive: the short
 * description finds the long one.
 *
 * @param file {@code Translation-en}
 */
record DescriptionSource(Path file) implements PairSource {

  private static final String SHORT = "Description-en: ";
  private static final int LEAST_WORDS = 12;

  /** Packages of libraries come in several parts that differ in one sentence. */
  private static final Pattern PART =
      Pattern.compile(
          "debug|development|transitional|documentation|header|translation|locali|dummy|metapackage",
          Pattern.CASE_INSENSITIVE);

  @Override
  public String name() {
    return "descriptions";
  }

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    Set<String> seen = new HashSet<>();
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      String title = "";
      StringBuilder body = new StringBuilder();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(SHORT)) {
          title = line.substring(SHORT.length()).strip();
        } else if (line.startsWith(" ")) {
          // A full stop alone is an empty line.
          body.append(line.strip().equals(".") ? " " : line);
        } else if (line.isEmpty()) {
          describe(title, Words.oneLine(body.toString()), seen, pairs);
          title = "";
          body.setLength(0);
        }
      }
      describe(title, Words.oneLine(body.toString()), seen, pairs);
    }
  }

  private static void describe(String title, String body, Set<String> seen, Consumer<Pair> pairs) {
    boolean isPart = PART.matcher(title).find();
    if (!title.isEmpty() && !isPart && Words.of(body).size() >= LEAST_WORDS) {
      // The parts of a program share the first sentences.
      if (seen.add(Words.first(body, LEAST_WORDS)) && seen.add("title " + title)) {
        pairs.accept(new Pair(title, body));
      }
    }
  }
}
