/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import java.util.Locale;

/** File formats of texts. */
public enum TextFormat {
  /** JSON lines if the name ends in .jsonl, .ndjson or .json, or if the first line is an object. */
  AUTO,
  /**
   * One JSON object per line: {@code id} or {@code _id}, optionally {@code title}, {@code text}.
   */
  JSONL,
  /** One text per line, its id the number of the line. */
  TXT;

  /** The format that a file's name tells, or {@link #AUTO}. */
  static TextFormat ofName(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
      return JSONL;
    }
    return name.endsWith(".txt") ? TXT : AUTO;
  }
}
