/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/** What became of a text that ran. */
sealed interface Outcome {

  /** Its vector. */
  final class Encoded implements Outcome {

    private final float[] vector;

    Encoded(float[] vector) {
      this.vector = vector;
    }

    /** The vector itself, no copy. */
    float[] vector() {
      return vector;
    }
  }

  /** Why it has none. */
  record Failed(Throwable cause) implements Outcome {}
}
