/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.nio.file.Path;
import java.util.List;

/**
 * How training data is made.
 *
 * @param packages unpacked Debian packages, a folder for each, and {@code Translation-en}
 * @param collections folder with {@code pairs} and {@code text}
 * @param keptOut folders with test collections that no text may come from
 * @param output folder to write
 * @param mostPerSource most pairs of one source
 * @param mostWords texts are cut to so many words
 * @param seed of everything that is drawn
 */
public record RecipeOptions(
    Path packages,
    Path collections,
    List<Path> keptOut,
    Path output,
    int mostPerSource,
    int mostWords,
    long seed) {

  /** Copies the list and checks the numbers. */
  public RecipeOptions {
    keptOut = List.copyOf(keptOut);
    if (mostPerSource < 1 || mostWords < 1) {
      throw new IllegalArgumentException(
          "mostPerSource and mostWords must be >= 1, got " + mostPerSource + " and " + mostWords);
    }
  }
}
