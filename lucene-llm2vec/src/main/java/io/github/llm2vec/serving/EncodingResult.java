/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/** The result of encoding one text: its vector, or why it has none. */
public sealed interface EncodingResult {

  /**
   * A vector.
   *
   * @param vector the vector itself, no copy
   */
  // Compared by nobody, so that the array does no harm.
  @SuppressWarnings("ArrayRecordComponent")
  record Encoded(float[] vector) implements EncodingResult {}

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
