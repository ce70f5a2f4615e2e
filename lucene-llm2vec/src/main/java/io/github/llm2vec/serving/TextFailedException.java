/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import org.jspecify.annotations.Nullable;

/**
 * The model or its tokenizer failed on this very text; the texts that shared a batch with it have
 * their vectors. The cause is what was thrown.
 */
public final class TextFailedException extends ServingException {

  private static final long serialVersionUID = 1;

  private TextFailedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  static TextFailedException inModel(int tokens, RuntimeException cause) {
    return new TextFailedException(
        "the model failed on a text of %s tokens, tried alone: %s"
            .formatted(tokens, cause.getMessage()),
        cause);
  }

  static TextFailedException inTokenizer(int characters, RuntimeException cause) {
    return new TextFailedException(
        "the tokenizer failed on a text of %s characters: %s"
            .formatted(characters, cause.getMessage()),
        cause);
  }

  static TextFailedException notFinite(int tokens, float value) {
    return new TextFailedException(
        "the model gave %s in the vector of a text of %s tokens; a model in float16 may overflow,"
                .formatted(value, tokens)
            + " try bfloat16 or float32",
        null);
  }
}
