/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Stands in for a model: a text's vector is the sum of fixed random vectors of its words, so texts
 * that share words are near to each other. Deterministic, never of length 1 by itself.
 */
public final class HashedWordsEncoder implements TextEncoder {

  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+");

  private final int dimensions;
  private int calls;

  public HashedWordsEncoder(int dimensions) {
    this.dimensions = dimensions;
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return "f00d" + dimensions;
  }

  @Override
  public synchronized float[][] encode(List<String> texts, Prompt prompt) {
    calls++;
    return texts.stream().map(this::vector).toArray(float[][]::new);
  }

  /** How often {@link #encode} was called. */
  public synchronized int calls() {
    return calls;
  }

  private float[] vector(String text) {
    float[] sum = new float[dimensions];
    WORD.matcher(text.toLowerCase(Locale.ROOT))
        .results()
        .map(MatchResult::group)
        .forEach(word -> add(sum, new Random(word.hashCode())));
    return sum;
  }

  private static void add(float[] sum, Random random) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += (float) random.nextGaussian();
    }
  }

  @Override
  public void close() {}
}
