/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import java.util.Comparator;
import java.util.List;

/** The keys of a file whose format is ours to define, where another key is a slip of the pen. */
final class KnownKeys {

  private KnownKeys() {}

  /**
   * Checks that an object has no other keys.
   *
   * @throws ModelFormatException naming the key and the nearest known one
   */
  static void require(JsonObject json, List<String> known) throws ModelFormatException {
    for (String key : json.keys()) {
      if (!known.contains(key)) {
        String nearest =
            known.stream().min(Comparator.comparingInt(k -> distance(k, key))).orElseThrow();
        throw json.unsupported(
            key, "is not a known key", "Did you mean '" + nearest + "'? Known are " + known);
      }
    }
  }

  /** Levenshtein's edit distance; very long keys count by their beginning. */
  private static int distance(String a, String b) {
    String text = b.length() > 100 ? b.substring(0, 100) : b;
    int[] row = new int[text.length() + 1];
    for (int j = 0; j <= text.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= text.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == text.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[text.length()];
  }
}
