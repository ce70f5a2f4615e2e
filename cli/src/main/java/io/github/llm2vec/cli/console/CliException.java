/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import java.io.Serial;

/**
 * A failure that the user can do something about. Its message is the whole error that is printed:
 * what is wrong, where, and what to do.
 */
public final class CliException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  /** Failure without a cause that would add anything. */
  public CliException(String message) {
    super(message);
  }

  /** Failure whose cause is shown with {@code --verbose}. */
  public CliException(String message, Throwable cause) {
    super(message, cause);
  }
}
