/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Gives every text a vector that depends on the text and the prompt alone, without a model. */
public final class HashEncoder implements TextEncoder {

  private final int dimensions;
  private final List<String> encoded = new ArrayList<>();
  private int failAfter = Integer.MAX_VALUE;
  private boolean closed;

  public HashEncoder(int dimensions) {
    this.dimensions = dimensions;
  }

  /** Makes the call fail that would bring the number of encoded texts above a limit. */
  public HashEncoder failingAfter(int texts) {
    failAfter = texts;
    return this;
  }

  public List<String> encoded() {
    return encoded;
  }

  public boolean closed() {
    return closed;
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return "ab" + dimensions;
  }

  @Override
  public float[][] encode(List<String> texts, Prompt prompt) {
    if (encoded.size() + texts.size() > failAfter) {
      throw new IllegalStateException("power cut");
    }
    encoded.addAll(texts);
    return texts.stream().map(text -> vector(text, prompt)).toArray(float[][]::new);
  }

  public float[] vector(String text, Prompt prompt) {
    Random random = new Random(31L * text.hashCode() + prompt.hashCode());
    float[] vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  @Override
  public void close() {
    closed = true;
  }
}
