/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.PythonText;
import java.util.regex.Pattern;

/**
 * A prompt split at the place where its pooled part begins. Upstream carries the mark inside the
 * string, as a separator; here it is a border between two strings, so that a text may hold
 * anything.
 *
 * @param before instruction and whatever else is not pooled
 * @param pooled the text and whatever follows it
 */
record SeparatedPrompt(String before, String pooled) {

  /** Upstream's mark. */
  static final String SEPARATOR = "!@#$%^&*()";

  /** The same without whitespace at both ends; at the mark it stays, as upstream's strip has it. */
  SeparatedPrompt strip() {
    return new SeparatedPrompt(PythonText.stripLeading(before), PythonText.stripTrailing(pooled));
  }

  /** The same with something around it. */
  SeparatedPrompt wrap(String head, String tail) {
    return new SeparatedPrompt(head + before, pooled + tail);
  }

  /** The whole prompt. */
  String full() {
    return before + pooled;
  }

  /**
   * What upstream's own reading of the separator makes of this: the part between the first and the
   * second separator is pooled, and all separators vanish.
   */
  Split splitAtSeparators() {
    String[] parts = (before + SEPARATOR + pooled).split(Pattern.quote(SEPARATOR), -1);
    return new Split(String.join("", parts), parts[1]);
  }

  /**
   * A prompt and its pooled part, which need not be its end.
   *
   * @param full what the model reads
   * @param suffix what gives the pooled window its length
   */
  record Split(String full, String suffix) {}

  /** The prompt and its pooled part. */
  Split split() {
    return new Split(full(), pooled);
  }
}
