/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.io.Serial;

/** Data that cannot be understood; the message starts with {@code file:line:}. */
public final class DataFormatException extends IOException {

  @Serial private static final long serialVersionUID = 1L;

  private final long line;
  private final String problem;

  /**
   * @param source the file
   * @param line its line (or, in Parquet, its row), from 1
   * @param problem what was expected, what was found and what to do
   */
  public DataFormatException(String source, long line, String problem) {
    super(source + ":" + line + ": " + problem);
    this.line = line;
    this.problem = problem;
  }

  /** The line, or the row of Parquet, from 1. */
  public long line() {
    return line;
  }

  /** The message without the place. */
  public String problem() {
    return problem;
  }
}
