/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.solr.update.text.TextLength;
import io.github.llm2vec.solr.update.text.TextTemplate;
import java.util.Objects;

/**
 * Mapping from the text of documents to a vector field.
 *
 * @param model name in the models file
 * @param source the text
 * @param target the field
 * @param prompt how the text is presented to the model
 * @param handling what is done about texts that are too long or fail
 */
public record VectorMapping(
    String model, TextTemplate source, VectorTarget target, Prompt prompt, Handling handling) {

  /**
   * What is done about texts that are not as they should be.
   *
   * @param length of long ones
   * @param failures of those that cannot be encoded
   */
  public record Handling(TextLength length, FailurePolicy failures) {

    /** Long texts are left to the model, documents that fail are refused. */
    public static final Handling DEFAULTS =
        new Handling(new TextLength.Whole(), FailurePolicy.FAIL);

    /** Rejects null. */
    public Handling {
      Objects.requireNonNull(length, "length");
      Objects.requireNonNull(failures, "failures");
    }
  }

  /** Rejects null. */
  public VectorMapping {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(handling, "handling");
  }

  FailurePolicy failures() {
    return handling.failures();
  }

  /** Whether long texts become passages. */
  public boolean cutsPassages() {
    return handling.length() instanceof TextLength.Passages;
  }
}
