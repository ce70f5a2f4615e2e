/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/** The result of encoding one text: its vector, or why it has none. */
public sealed interface EncodingResult {

  /** A vector. */
  final class Encoded implements EncodingResult {

    private final float[] vector;

    /** Takes the vector over. */
    public Encoded(float[] vector) {
      this.vector = vector;
    }

    /** The vector itself, no copy. */
    public float[] vector() {
      return vector;
    }
  }

  /**
   * No vector.
   *
   * @param cause what the model, or whoever checked its vector, says of this very text
   */
  record Failed(RuntimeException cause) implements EncodingResult {}

  /**
   * The vector.
   *
   * @throws RuntimeException the cause if there is none
   */
  default float[] orThrow() {
    if (this instanceof Failed failed) {
      throw failed.cause();
    }
    return ((Encoded) this).vector();
  }
}
