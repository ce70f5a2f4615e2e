/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.List;

/** Returns the vectors it was given, whatever the texts. */
final class FixedEncoder implements TextEncoder {

  private final int dimensions;
  private final String fingerprint;
  private final float[][] vectors;

  FixedEncoder(int dimensions, String fingerprint, float[]... vectors) {
    this.dimensions = dimensions;
    this.fingerprint = fingerprint;
    this.vectors = vectors;
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public float[][] encode(List<String> texts, Prompt prompt) {
    return vectors.clone();
  }

  @Override
  public void close() {}
}
