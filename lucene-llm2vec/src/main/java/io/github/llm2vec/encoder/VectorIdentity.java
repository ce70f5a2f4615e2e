/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Objects;

/**
 * Identity of an encoder's vectors: two vectors can be compared only if theirs are equal.
 *
 * @param fingerprint as {@link TextEncoder#fingerprint()}
 * @param dimensions floats per vector
 */
public record VectorIdentity(String fingerprint, int dimensions) {

  /** Rejects null. */
  public VectorIdentity {
    Objects.requireNonNull(fingerprint, "fingerprint");
  }
}
