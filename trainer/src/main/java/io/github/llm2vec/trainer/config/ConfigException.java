/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.io.Serial;

/**
 * A configuration that is refused. The message begins with the file or the option, and says what
 * was found, what is possible and what to do.
 */
public final class ConfigException extends IllegalArgumentException {

  @Serial private static final long serialVersionUID = 1L;

  ConfigException(String message) {
    super(message);
  }

  ConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
