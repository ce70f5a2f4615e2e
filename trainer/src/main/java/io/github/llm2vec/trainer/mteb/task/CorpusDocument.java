/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import io.github.llm2vec.tokenizer.PythonText;
import java.util.Objects;

/**
 * A document of a corpus.
 *
 * @param id what the judgements call it
 * @param title may be empty
 * @param text may be empty
 */
public record CorpusDocument(String id, String title, String text) {

  /** Rejects null. */
  public CorpusDocument {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(title, "title");
    Objects.requireNonNull(text, "text");
  }

  /**
   * What is encoded and searched: title, a space and text, without white space at both ends. MTEB
   * strips with Python's {@code str.strip}, which unlike Java's takes no-break spaces too.
   */
  public String passage() {
    return PythonText.strip(title + " " + text);
  }
}
