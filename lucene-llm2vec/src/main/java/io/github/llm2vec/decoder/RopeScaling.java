/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;

/**
 * The frequencies of rotary position embeddings for all kinds of long-context scaling that
 * transformers has for decoders, in single precision as there ({@code ROPE_INIT_FUNCTIONS}).
 *
 * <p>Unscaled: {@code theta^(-2i/D)}. Sources: linear (kaiokendev), dynamic NTK (bloc97, emozilla),
 * YaRN (Peng et al., 2023), LongRoPE (Ding et al., 2024), llama3 (Llama 3.1).
 *
 * @param headDim D
 * @param theta base of the wavelengths
 * @param maxPositions {@code max_position_embeddings}
 * @param givenOriginal {@code original_max_position_embeddings} beside the parameters, which wins
 *     over the one in them
 * @param partialFactor which part of a head is turned
 * @param longRopeOnly whether {@code su} and {@code yarn} mean LongRoPE, as in Phi-3
 * @param parameters {@code rope_scaling} or {@code rope_parameters} of config.json, if any
 */
record RopeScaling(
    int headDim,
    double theta,
    int maxPositions,
    Optional<Integer> givenOriginal,
    double partialFactor,
    boolean longRopeOnly,
    Optional<JsonObject> parameters) {

  private static final double MAX_FACTOR = 1e6;
  private static final int MAX_POSITIONS = 1 << 30;

  /** Computes the frequencies. */
  Rope rope() throws ModelFormatException {
    if (parameters.isEmpty()) {
      return plain();
    }
    JsonObject json = parameters.get();
    Optional<String> named = json.text("rope_type");
    String type = (named.isPresent() ? named : json.text("type")).orElse("default");
    if (longRopeOnly && (type.equals("su") || type.equals("yarn"))) {
      return longRope(json);
    }
    return switch (type) {
      case "default" -> plain();
      case "linear" -> linear(json);
      case "dynamic" -> dynamic(json);
      case "llama3" -> llama3(json);
      case "yarn" -> yarn(json);
      case "longrope" -> longRope(json);
      case "proportional" -> proportional(json);
      default ->
          throw json.unsupported(
              json.has("rope_type") ? "rope_type" : "type",
              "'" + type + "' is not supported",
              "Use default, linear, dynamic, llama3, yarn, longrope or proportional");
    };
  }

  private Rope plain() {
    return Rope.of(frequencies(i -> inverse(i)), 1, Integer.MAX_VALUE);
  }

  private Rope linear(JsonObject json) throws ModelFormatException {
    float factor = (float) required(json, "factor");
    return Rope.of(frequencies(i -> inverse(i) / factor), 1, Integer.MAX_VALUE);
  }

  /** Up to the trained length the frequencies are plain; beyond they change with the length. */
  private Rope dynamic(JsonObject json) throws ModelFormatException {
    required(json, "factor");
    return Rope.of(frequencies(i -> inverse(i)), 1, maxPositions);
  }

  private Rope llama3(JsonObject json) throws ModelFormatException {
    float factor = (float) required(json, "factor");
    float low = (float) required(json, "low_freq_factor");
    float high = (float) required(json, "high_freq_factor");
    if (high <= low) {
      throw json.wrong("high_freq_factor", "larger than low_freq_factor (" + low + ")");
    }
    float original = originalLength();
    float longWave = original / low;
    float shortWave = original / high;
    return Rope.of(
        frequencies(
            i -> {
              float inverse = inverse(i);
              float wave = (float) (2 * Math.PI) / inverse;
              if (wave < shortWave) {
                return inverse;
              }
              if (wave > longWave) {
                return inverse / factor;
              }
              float smooth = (original / wave - low) / (high - low);
              return (1 - smooth) * inverse / factor + smooth * inverse;
            }),
        1,
        Integer.MAX_VALUE);
  }

  private Rope yarn(JsonObject json) throws ModelFormatException {
    int original = originalLength();
    double factor = json.positive("factor", MAX_FACTOR).orElse((double) maxPositions / original);
    double fast = json.positive("beta_fast", MAX_FACTOR).orElse(32.0);
    double slow = json.positive("beta_slow", MAX_FACTOR).orElse(1.0);
    boolean truncate = json.flag("truncate").orElse(true);
    double low = rampDimension(fast, original);
    double high = rampDimension(slow, original);
    double from = Math.max(truncate ? Math.floor(low) : low, 0);
    double to = Math.min(truncate ? Math.ceil(high) : high, rotary() - 1);
    float width = (float) ((to == from ? to + 0.001 : to) - from);
    return Rope.of(
        frequencies(
            i -> {
              float kept = 1 - Math.min(Math.max((i - (float) from) / width, 0f), 1f);
              float wave = wave(i);
              return 1 / ((float) factor * wave) * (1 - kept) + 1 / wave * kept;
            }),
        yarnAttention(json, factor),
        Integer.MAX_VALUE);
  }

  /** The dimension that turns {@code rotations} times within the trained length. */
  private double rampDimension(double rotations, int original) {
    return rotary() * Math.log(original / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static double yarnAttention(JsonObject json, double factor) throws ModelFormatException {
    Optional<Double> given = json.positive("attention_factor", MAX_FACTOR);
    if (given.isPresent()) {
      return given.get();
    }
    if (json.isSet("mscale") && json.isSet("mscale_all_dim")) {
      return yarnScale(factor, required(json, "mscale"))
          / yarnScale(factor, required(json, "mscale_all_dim"));
    }
    return yarnScale(factor, 1);
  }

  private static double yarnScale(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  /** Texts longer than the original length have the long factors, in all their positions. */
  private Rope longRope(JsonObject json) throws ModelFormatException {
    int original = originalLength();
    List<Float> shortOnes = longRope(json, "short_factor");
    List<Float> longOnes = longRope(json, "long_factor");
    double factor = json.positive("factor", MAX_FACTOR).orElse((double) maxPositions / original);
    double attention =
        json.positive("attention_factor", MAX_FACTOR)
            .orElse(factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
    return new Rope(shortOnes, longOnes, original, attention, 0, 1, Integer.MAX_VALUE);
  }

  private List<Float> longRope(JsonObject json, String key) throws ModelFormatException {
    List<Double> factors = json.positives(key, MAX_FACTOR);
    if (factors.size() != rotary() / 2) {
      throw json.unsupported(
          key,
          "has " + factors.size() + " numbers, for this model it must be " + rotary() / 2,
          "Correct the file");
    }
    return frequencies(i -> 1 / (factors.get(i).floatValue() * wave(i)));
  }

  /** Part of the pairs is turned, with the wavelengths of the whole head. */
  private Rope proportional(JsonObject json) throws ModelFormatException {
    float factor = json.positive("factor", MAX_FACTOR).orElse(1.0).floatValue();
    int turned = (int) (partialFactor * headDim / 2);
    List<Float> result = new ArrayList<>(headDim / 2);
    for (int i = 0; i < headDim / 2; i++) {
      float exponent = (float) (2 * i) / headDim;
      float inverse = 1 / (float) Math.pow((float) theta, exponent);
      result.add(i < turned ? inverse / factor : 0f);
    }
    return Rope.of(result, 1, Integer.MAX_VALUE);
  }

  /** {@code original_max_position_embeddings}, else {@code max_position_embeddings}. */
  int originalLength() throws ModelFormatException {
    if (givenOriginal.isPresent() || parameters.isEmpty()) {
      return givenOriginal.orElse(maxPositions);
    }
    return parameters
        .get()
        .whole("original_max_position_embeddings", maxPositions, 2, MAX_POSITIONS);
  }

  /** How many components of a head are turned, R. */
  private int rotary() {
    return (int) (headDim * partialFactor) / 2 * 2;
  }

  private static double required(JsonObject json, String key) throws ModelFormatException {
    return json.positive(key, MAX_FACTOR)
        .orElseThrow(() -> json.unsupported(key, "is missing", "Correct the file"));
  }

  private float wave(int i) {
    float exponent = (float) (2 * i) / rotary();
    return (float) Math.pow((float) theta, exponent);
  }

  private float inverse(int i) {
    return 1 / wave(i);
  }

  private List<Float> frequencies(IntToDoubleFunction frequency) {
    List<Float> result = new ArrayList<>(rotary() / 2);
    for (int i = 0; i < rotary() / 2; i++) {
      result.add((float) frequency.applyAsDouble(i));
    }
    return result;
  }
}
