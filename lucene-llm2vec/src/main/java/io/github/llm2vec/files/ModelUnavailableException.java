/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import org.apiguardian.api.API;

/** A model was not found, may not be read or could not be fetched. */
@API(status = API.Status.STABLE)
public final class ModelUnavailableException extends ModelException {

  private static final long serialVersionUID = 1L;

  /**
   * Describes a model that is out of reach.
   *
   * @param model folder or id as the user gave it, or the file of it that is missing
   * @param problem what was tried and what happened, without a full stop
   * @param remedy what to do, an imperative clause without a full stop
   */
  public ModelUnavailableException(String model, String problem, String remedy) {
    super(model, problem, remedy);
  }

  /** Describes a model that is out of reach; {@code cause} is the failure below. */
  public ModelUnavailableException(String model, String problem, String remedy, Throwable cause) {
    this(model, problem, remedy);
    initCause(cause);
  }
}
