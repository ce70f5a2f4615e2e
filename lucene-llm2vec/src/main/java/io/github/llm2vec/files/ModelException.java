/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.io.IOException;
import org.apiguardian.api.API;

/**
 * A model cannot be opened. The message names the file or model id, says what is wrong with it and
 * what to do; it never holds a secret.
 */
@API(status = API.Status.STABLE)
public abstract sealed class ModelException extends IOException
    permits ModelFormatException, ModelUnavailableException {

  private static final long serialVersionUID = 1L;

  private final String subject;
  private final String problem;
  private final String remedy;

  ModelException(String subject, String problem, String remedy) {
    super(subject + ": " + problem + ". " + remedy + ".");
    this.subject = subject;
    this.problem = problem;
    this.remedy = remedy;
  }

  /** The file, folder or model id that the problem lies in. */
  public String subject() {
    return subject;
  }

  /** What was expected and what was found. */
  public String problem() {
    return problem;
  }

  /** What the user can do about it. */
  public String remedy() {
    return remedy;
  }
}
