/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.util.Objects;

/**
 * A text with what comes before it and is not pooled.
 *
 * @param before such as an instruction with its joining characters, or ""
 * @param text what is pooled
 */
public record PromptedText(String before, String text) {

  /** Rejects null. */
  public PromptedText {
    Objects.requireNonNull(before, "before");
    Objects.requireNonNull(text, "text");
  }

  /** A text with nothing before it. */
  public static PromptedText plain(String text) {
    return new PromptedText("", text);
  }
}
