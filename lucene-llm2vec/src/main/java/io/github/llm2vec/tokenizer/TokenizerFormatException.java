/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import java.io.IOException;
import java.nio.file.Path;

/** A tokenizer file that cannot be used; the message names it and says what was expected. */
public final class TokenizerFormatException extends IOException {

  private static final long serialVersionUID = 1L;

  TokenizerFormatException(Path file, String problem) {
    super(file + ": " + problem);
  }

  TokenizerFormatException(Path file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
  }
}
