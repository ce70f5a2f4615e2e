/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.encoder.Prompt;
import java.util.Objects;

/**
 * From which text which field gets its vector.
 *
 * @param source the text
 * @param vectorField the field
 * @param prompt how the text is presented to the model
 * @param onError what becomes of a document whose text cannot be encoded
 * @param errorField field that says why a document was indexed without its vector, or "" for none
 */
public record VectorMapping(
    TextTemplate source, String vectorField, Prompt prompt, OnError onError, String errorField) {

  /** Rejects null. */
  public VectorMapping {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(vectorField, "vectorField");
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(onError, "onError");
    Objects.requireNonNull(errorField, "errorField");
  }
}
