/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.nio.file.Path;
import org.apiguardian.api.API;

/** A file of a checkpoint is damaged, contradicts another one or asks for what is not supported. */
@API(status = API.Status.STABLE)
public final class ModelFormatException extends ModelException {

  private static final long serialVersionUID = 1L;

  /**
   * Describes a bad file.
   *
   * @param file where the problem lies
   * @param problem what was expected and what was found, without a full stop
   * @param remedy what to do, an imperative clause without a full stop
   */
  public ModelFormatException(Path file, String problem, String remedy) {
    super(file.toString(), problem, remedy);
  }

  /** Describes a bad file; {@code cause} is what a library said of it. */
  public ModelFormatException(Path file, String problem, String remedy, Throwable cause) {
    this(file, problem, remedy);
    initCause(cause);
  }
}
