/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds what a mistyped name was probably meant to be, for error messages. */
public final class NearestName {

  private NearestName() {}

  /** The known name that takes the fewest edits to reach, unless it has little in common. */
  public static Optional<String> of(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt((String other) -> edits(name, other)).thenComparing(s -> s))
        .filter(other -> edits(name, other) <= Math.max(2, other.length() / 2));
  }

  /** "Did you mean 'x'?", if anything is near, then the known names: a sentence of its own. */
  static String suggestion(String name, Collection<String> known) {
    String guess = of(name, known).map(other -> "Did you mean '" + other + "'? ").orElse("");
    return guess + "Known are " + known;
  }

  /** "; did you mean 'x'?" or ";", then the known names: the tail of an error message. */
  public static String hint(String name, Collection<String> known) {
    String guess = of(name, known).map(other -> "; did you mean '" + other + "'?").orElse(";");
    return guess + " Known: " + String.join(", ", known.stream().sorted().toList());
  }

  /** Levenshtein distance, letters compared without regard to case. */
  private static int edits(String left, String right) {
    String from = left.toLowerCase(Locale.ROOT);
    String to = right.toLowerCase(Locale.ROOT);
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
