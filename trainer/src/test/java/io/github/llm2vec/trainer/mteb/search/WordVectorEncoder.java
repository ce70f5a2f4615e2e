/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * An encoder without a model: every word has a random direction and a text is the sum of its words.
 * Texts that share words are near each other, so that search has something to find. The instruction
 * is not encoded, but what was asked for is recorded.
 */
public final class WordVectorEncoder implements TextEncoder {

  private final int dimensions;
  private final List<Prompt> prompts = new ArrayList<>();
  private int encoded;
  private int callsLeft = Integer.MAX_VALUE;

  public WordVectorEncoder(int dimensions) {
    this.dimensions = dimensions;
  }

  /** Makes the encoder fail after some more calls, as if the run had been killed. */
  public WordVectorEncoder failAfter(int calls) {
    callsLeft = calls;
    return this;
  }

  /** Number of texts encoded so far. */
  public int encoded() {
    return encoded;
  }

  /** The prompts of all calls. */
  public List<Prompt> prompts() {
    return List.copyOf(prompts);
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return "0123456789abcdef" + Integer.toHexString(dimensions);
  }

  @Override
  public float[][] encode(List<String> texts, Prompt prompt) {
    if (callsLeft-- <= 0) {
      throw new IllegalStateException("killed");
    }
    prompts.add(prompt);
    encoded += texts.size();
    return texts.stream().map(this::vector).toArray(float[][]::new);
  }

  private float[] vector(String text) {
    float[] vector = new float[dimensions];
    for (String word : text.toLowerCase(Locale.ROOT).split("[^a-z0-9]+", -1)) {
      if (!word.isEmpty()) {
        SplittableRandom random = new SplittableRandom(word.hashCode());
        for (int d = 0; d < dimensions; d++) {
          vector[d] += (float) random.nextDouble(-1, 1);
        }
      }
    }
    return vector;
  }

  @Override
  public void close() {}
}
