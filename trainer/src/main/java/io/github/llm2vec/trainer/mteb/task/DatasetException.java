/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import java.io.IOException;

/**
 * A dataset that cannot be evaluated. The message names the file or folder, says what is wrong with
 * it and what to do.
 */
public final class DatasetException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Takes the whole message. */
  public DatasetException(String message) {
    super(message);
  }
}
