/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

/** What came of one of the texts that were encoded together. */
public sealed interface EncodedText {

  /**
   * So many single texts failing one after the other, with no success between them, tell of an
   * encoder that is broken: the texts that are left are given up instead of being tried one by one.
   */
  int FAILURES_IN_A_ROW = 16;

  /** It has a vector. */
  final class Vector implements EncodedText {

    private final float[] values;

    /** Takes the vector over. */
    public Vector(float[] values) {
      this.values = values;
    }

    /** The vector itself, the receiver's own. */
    public float[] values() {
      return values;
    }
  }

  /**
   * It has none.
   *
   * @param cause what the model says of this very text
   */
  record Failure(RuntimeException cause) implements EncodedText {}

  /**
   * The vector.
   *
   * @throws RuntimeException the cause if there is none
   */
  default float[] orThrow() {
    if (this instanceof Failure failure) {
      throw failure.cause();
    }
    return ((Vector) this).values();
  }
}
