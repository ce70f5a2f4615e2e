/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.update.vector.CopyPrecision;
import java.util.Objects;

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

  /** A field that takes vectors as they are. */
  public static VectorTarget of(String field) {
    return new VectorTarget(field, 0, CopyPrecision.FLOAT32, false);
  }
}
