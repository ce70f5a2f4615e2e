/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.encoder.Vectors;

/** Validation and scaling of the vectors that an encoder returns. */
final class EncodedVectors {

  private static final int QUOTED_CHARACTERS = 60;

  /** Squared lengths this near to 1 are left alone, so that unit vectors keep their bits. */
  private static final double UNIT_TOLERANCE = 1e-6;

  private EncodedVectors() {}

  static void requireCount(String field, float[][] vectors, int texts) {
    if (vectors.length != texts) {
      throw new IllegalStateException(
          "the encoder of vector field '%s' returned %s vectors for %s texts"
              .formatted(field, vectors.length, texts));
    }
  }

  /** Fails unless the vector has the promised length and finite elements. */
  static void requireSound(String field, String text, float[] vector, int dimensions) {
    if (vector.length != dimensions) {
      throw new IllegalStateException(
          "the encoder of vector field '%s' promised %s dimensions and returned %s for the text %s"
              .formatted(field, dimensions, vector.length, quote(text)));
    }
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        throw new IllegalStateException(
            ("the encoder of vector field '%s' returned %s in dimension %s for the text"
                    + " %s; check the model's weights and its dtype")
                .formatted(field, vector[i], i, quote(text)));
      }
    }
  }

  static boolean isZero(float[] vector) {
    for (float element : vector) {
      if (element != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Scales a vector to length 1 in place.
   *
   * @param vector finite and not zero
   * @return the same array
   */
  static float[] toUnitLength(float[] vector) {
    double squares = Vectors.squaredLength(vector);
    if (Math.abs(squares - 1) > UNIT_TOLERANCE) {
      double length = Math.sqrt(squares);
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (vector[i] / length);
      }
    }
    return vector;
  }

  /** The start of a text, in quotes, for a message. */
  static String quote(String text) {
    return text.length() <= QUOTED_CHARACTERS
        ? "'" + text + "'"
        : "'" + text.substring(0, QUOTED_CHARACTERS) + "...' (" + text.length() + " characters)";
  }
}
