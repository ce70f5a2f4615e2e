/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.solr.update.text.TextLength;
import io.github.llm2vec.solr.update.text.TextTemplate;
import io.github.llm2vec.solr.update.vector.CopyPrecision;
import java.util.Objects;

/**
 * Mapping from the text of documents to a vector field.
 *
 * @param model name in the models file
 * @param adapter name of one that is declared beside the model, or "" for the model alone
 * @param source the text
 * @param target the field
 * @param prompt how the text is presented to the model
 * @param handling what is done about texts that are too long or fail
 */
public record VectorMapping(
    String model,
    String adapter,
    TextTemplate source,
    VectorTarget target,
    Prompt prompt,
    Handling handling) {

  /**
   * The vector field of a mapping, and how vectors are written to it.
   *
   * @param field the vector field
   * @param dimensions width that vectors are cut to, 0 for the model's own
   * @param precision of the stored copy, if the schema has a field for it
   * @param allowModelChange whether vectors may join others in the index that another model,
   *     instruction or width made
   */
  public record VectorTarget(
      String field, int dimensions, CopyPrecision precision, boolean allowModelChange) {

    /** Rejects null and a negative width. */
    public VectorTarget {
      Objects.requireNonNull(field, "field");
      Objects.requireNonNull(precision, "precision");
      if (dimensions < 0) {
        throw new IllegalArgumentException("dimensions cannot be negative, found " + dimensions);
      }
    }
  }

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
    Objects.requireNonNull(adapter, "adapter");
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
