/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import java.io.IOException;
import java.io.Serial;

/** A training run that cannot begin or go on. Its message says why and what to do. */
public final class TrainingException extends IOException {

  @Serial private static final long serialVersionUID = 1L;

  /** Takes the whole message. */
  public TrainingException(String message) {
    super(message);
  }
}
