/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.util.List;

/** The keys of a file whose format is ours to define, where another key is a slip of the pen. */
public final class KnownKeys {

  private KnownKeys() {}

  /**
   * Checks that an object has no other keys.
   *
   * @throws ModelFormatException naming the key and the nearest known one
   */
  public static void require(JsonObject json, List<String> known) throws ModelFormatException {
    for (String key : json.keys()) {
      if (!known.contains(key)) {
        throw json.unsupported(key, "is not a known key", NearestName.suggestion(key, known));
      }
    }
  }
}
