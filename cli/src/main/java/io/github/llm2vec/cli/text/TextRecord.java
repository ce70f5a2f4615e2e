/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import java.util.Objects;

/**
 * One text of an input file.
 *
 * @param id its name in the file, or the number of its line
 * @param title its heading, "" if it has none
 * @param text the text itself
 */
public record TextRecord(String id, String title, String text) {

  /** Rejects null. */
  public TextRecord {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(title, "title");
    Objects.requireNonNull(text, "text");
  }

  /** Title and text with a blank between them, as the BEIR and MTEB benchmarks encode documents. */
  public String content() {
    return title.isEmpty() ? text : (title + " " + text).strip();
  }
}
