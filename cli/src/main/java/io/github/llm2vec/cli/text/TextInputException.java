/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import java.io.IOException;
import java.io.Serial;

/** An input file that cannot be understood; the message starts with {@code file:line:}. */
public final class TextInputException extends IOException {

  @Serial private static final long serialVersionUID = 1L;

  TextInputException(String source, long line, String problem) {
    super(source + ":" + line + ": " + problem);
  }
}
