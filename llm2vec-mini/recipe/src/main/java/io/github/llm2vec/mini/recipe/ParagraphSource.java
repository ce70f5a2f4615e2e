/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Prose, a paragraph per line, as WikiText has it (spaces around every token, {@code @-@} within
 * words, {@code <unk>} for rare ones) or as people write. Paragraphs have no query of their own:
 * {@link CropSource} makes one.
 *
 * @param name short, for the report
 * @param file gzipped text
 */
record ParagraphSource(String name, Path file) implements PairSource {

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    try (BufferedReader lines = GzipLines.open(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String text = Words.oneLine(written(line));
        if (!text.isEmpty() && !text.startsWith("=")) {
          pairs.accept(new Pair("", text));
        }
      }
    }
  }

  /** Tokens put together as they are written. */
  private static String written(String line) {
    return line.replace(" @-@ ", "-")
        .replace(" @,@ ", ",")
        .replace(" @.@ ", ".")
        .replace("<unk>", "")
        .replaceAll(" ([,.;:!?)\\]]|'s\\b)", "$1")
        .replaceAll("([(\\[]) ", "$1");
  }
}
