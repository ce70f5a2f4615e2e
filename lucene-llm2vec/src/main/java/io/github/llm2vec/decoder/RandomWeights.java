/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Randomly initialised weights of a language model, distributed as {@code
 * PreTrainedModel._init_weights} of transformers does: embeddings, linear layers and norms. Nothing
 * is stored: every element follows from the seed, its tensor's name and its index, so a model of
 * any size needs no memory.
 */
public final class RandomWeights implements TensorSource {

  private static final String EMBEDDING = "embed_tokens.weight";
  private static final double MAX_DEVIATION = 100;
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private final Map<String, List<Long>> tensors;
  private final Spread spread;
  private final float norm;
  private final long seed;

  /**
   * Standard deviations.
   *
   * @param weights {@code initializer_range}; transformers' default is 0.02
   * @param embeddings of the embedding of tokens
   * @param residual of the projections that are added to the residual stream. With small ones
   *     beside larger embeddings a new encoder is nearly a bag of words with a random direction for
   *     each, which contrastive training can begin with; with equal ones, what the layers add
   *     drowns the tokens
   */
  public record Spread(double weights, double embeddings, double residual) {

    /** Rejects what is no deviation. */
    public Spread {
      require("initializer_range", weights);
      require("embedding_initializer_range", embeddings);
      require("residual_initializer_range", residual);
    }

    /** The same everywhere, as transformers has it. */
    public static Spread of(double deviation) {
      return new Spread(deviation, deviation, deviation);
    }

    private static void require(String name, double deviation) {
      if (!(deviation >= 0 && deviation < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(name + " must be >= 0, got " + deviation);
      }
    }

    private double of(String tensor) {
      if (tensor.equals(EMBEDDING)) {
        return embeddings;
      }
      return tensor.endsWith(".o_proj.weight") || tensor.endsWith(".down_proj.weight")
          ? residual
          : weights;
    }
  }

  private RandomWeights(Map<String, List<Long>> tensors, Spread spread, float norm, long seed) {
    this.tensors = tensors;
    this.spread = spread;
    this.norm = norm;
    this.seed = seed;
  }

  /**
   * Weights for a config.json, spread as its {@code initializer_range} says (0.02 if it does not),
   * unless {@code embedding_initializer_range} or {@code residual_initializer_range}, which are
   * this project's own, say otherwise of some.
   *
   * @throws ModelFormatException if the file is not valid
   */
  public static RandomWeights of(Path config, long seed) throws IOException {
    JsonObject json = JsonObject.read(config);
    double weights = json.positive("initializer_range", MAX_DEVIATION).orElse(0.02);
    Spread spread =
        new Spread(
            weights,
            json.positive("embedding_initializer_range", MAX_DEVIATION).orElse(weights),
            json.positive("residual_initializer_range", MAX_DEVIATION).orElse(weights));
    return of(DecoderConfig.read(config), spread, seed);
  }

  /**
   * Weights for an architecture, under the names of {@link DecoderLayout}, with {@code
   * lm_head.weight} unless it is the embedding.
   *
   * @param spread standard deviations
   */
  public static RandomWeights of(DecoderConfig config, Spread spread, long seed) {
    DecoderSpec spec = config.spec();
    Map<String, List<Long>> tensors = new LinkedHashMap<>(DecoderLayout.of(spec).tensors());
    if (!config.tiedEmbeddings()) {
      tensors.put(DecoderWeights.HEAD, List.of((long) spec.vocabSize(), (long) spec.hiddenSize()));
    }
    return new RandomWeights(
        tensors, spread, spec.norms().weight() == DecoderSpec.NormWeight.ONE_PLUS ? 0 : 1, seed);
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public Optional<long[]> shape(String name) {
    return Optional.ofNullable(tensors.get(name))
        .map(shape -> shape.stream().mapToLong(Long::longValue).toArray());
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) {
    List<Long> shape = tensors.get(name);
    if (shape == null) {
      throw new IllegalArgumentException("a new model has no tensor '" + name + "'");
    }
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    if (firstElement < 0 || target.remaining() > elements - firstElement) {
      throw new IllegalArgumentException(
          "'" + name + "' has " + elements + " elements, not those from " + firstElement + " on");
    }
    if (shape.size() == 1) {
      float value = name.endsWith(".bias") ? 0 : norm;
      while (target.hasRemaining()) {
        target.put(value);
      }
      return;
    }
    double deviation = spread.of(name);
    long stream = mix(seed * GOLDEN_GAMMA + name.hashCode());
    for (long index = firstElement; target.hasRemaining(); index++) {
      target.put((float) (deviation * normal(stream, index)));
    }
  }

  /** Box and Muller's transform of two uniform numbers in (0, 1]. */
  private static double normal(long stream, long index) {
    double first = uniform(stream + 2 * index * GOLDEN_GAMMA);
    double second = uniform(stream + (2 * index + 1) * GOLDEN_GAMMA);
    return Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
  }

  private static double uniform(long state) {
    return ((mix(state) >>> 11) + 1) * 0x1p-53;
  }

  /** SplitMix64's output function (Steele, Lea and Flood, 2014, figure 17). */
  private static long mix(long state) {
    long z = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
