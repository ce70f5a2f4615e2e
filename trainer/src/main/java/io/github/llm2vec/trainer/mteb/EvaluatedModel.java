/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.encoder.TextEncoder;
import java.util.Objects;

/**
 * The encoder that is evaluated, with its name and revision.
 *
 * @param name of the model in result files; a slash may part the organisation from the model
 * @param revision of the model in result files; the name of a folder, too
 * @param encoder not closed by the evaluation
 */
public record EvaluatedModel(String name, String revision, TextEncoder encoder) {

  /** Rejects null. */
  public EvaluatedModel {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(revision, "revision");
    Objects.requireNonNull(encoder, "encoder");
  }
}
