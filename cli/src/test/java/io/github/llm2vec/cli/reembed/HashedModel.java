/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.serving.ServingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A model without weights: the vector of a text is a sum of pseudo-random ones of its words, of
 * length 1. Every character is a token.
 */
final class HashedModel implements BatchModel {

  private final int dimensions;
  private final long seed;
  private final AtomicReference<Consumer<List<String>>> hook = new AtomicReference<>(texts -> {});

  private volatile boolean refusing;

  HashedModel(int dimensions, long seed) {
    this.dimensions = dimensions;
    this.seed = seed;
  }

  EncoderService service() {
    return EncoderService.start(this, ServingOptions.defaults(), new QueryVectorCache(1 << 16));
  }

  /** What happens in the middle of every step, with its texts. */
  void during(Consumer<List<String>> action) {
    hook.set(action);
  }

  /** From now on texts with this word fail. */
  void refuseUnreadable() {
    refusing = true;
  }

  /** The vector of a text. */
  float[] vector(String text) {
    double[] sum = new double[dimensions];
    for (String word : text.split(" ", -1)) {
      Random random = new Random(seed * 31 + word.hashCode());
      for (int i = 0; i < dimensions; i++) {
        sum[i] += random.nextGaussian();
      }
    }
    double length = Math.sqrt(Arrays.stream(sum).map(value -> value * value).sum());
    float[] vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) (sum[i] / length);
    }
    return vector;
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return "beef" + seed + dimensions;
  }

  @Override
  public BatchLayout layout() {
    return BatchLayout.PACKED;
  }

  @Override
  public int maxBatchTokens() {
    return 16_384;
  }

  @Override
  public TokenizedText tokenize(String text, Prompt prompt) {
    return TokenizedText.of(text.codePoints().toArray());
  }

  @Override
  public float[][] encode(List<TokenizedText> batch) {
    List<String> texts =
        batch.stream()
            .map(
                text ->
                    Arrays.stream(text.ids())
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining()))
            .toList();
    hook.get().accept(texts);
    if (refusing && texts.stream().anyMatch(text -> text.contains("unreadable"))) {
      throw new IllegalArgumentException("this text cannot be read");
    }
    return texts.stream().map(this::vector).toArray(float[][]::new);
  }

  @Override
  public void close() {}
}
