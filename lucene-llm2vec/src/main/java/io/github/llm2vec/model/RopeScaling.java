/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

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
 * @param parameters {@code rope_scaling} or {@code rope_parameters} of config.json, if any
 */
record RopeScaling(int headDim, double theta, int maxPositions, Optional<JsonObject> parameters) {

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
    if (json.positive("partial_rotary_factor", 1).orElse(1.0) != 1) {
      throw json.unsupported(
          "partial_rotary_factor", "other than 1 is not supported", "Use another model");
    }
    return switch (type) {
      case "default" -> plain();
      case "linear" -> linear(json);
      case "dynamic" -> dynamic(json);
      case "llama3" -> llama3(json);
      case "yarn" -> yarn(json);
      case "longrope" -> longRope(json);
      default ->
          throw json.unsupported(
              json.has("rope_type") ? "rope_type" : "type",
              "'" + type + "' is not supported",
              "Use default, linear, dynamic, llama3, yarn or longrope");
    };
  }

  private Rope plain() {
    return new Rope(frequencies(i -> inverse(i)), 1, Integer.MAX_VALUE);
  }

  private Rope linear(JsonObject json) throws ModelFormatException {
    float factor = (float) required(json, "factor");
    return new Rope(frequencies(i -> inverse(i) / factor), 1, Integer.MAX_VALUE);
  }

  /** Up to the trained length the frequencies are plain; beyond they change with the length. */
  private Rope dynamic(JsonObject json) throws ModelFormatException {
    required(json, "factor");
    return new Rope(frequencies(i -> inverse(i)), 1, maxPositions);
  }

  private Rope llama3(JsonObject json) throws ModelFormatException {
    float factor = (float) required(json, "factor");
    float low = (float) required(json, "low_freq_factor");
    float high = (float) required(json, "high_freq_factor");
    if (high <= low) {
      throw json.wrong("high_freq_factor", "larger than low_freq_factor (" + low + ")");
    }
    float original = originalLength(json);
    float longWave = original / low;
    float shortWave = original / high;
    return new Rope(
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
    int original = originalLength(json);
    double factor = json.positive("factor", MAX_FACTOR).orElse((double) maxPositions / original);
    double fast = json.positive("beta_fast", MAX_FACTOR).orElse(32.0);
    double slow = json.positive("beta_slow", MAX_FACTOR).orElse(1.0);
    boolean truncate = json.flag("truncate").orElse(true);
    double low = rampDimension(fast, original);
    double high = rampDimension(slow, original);
    double from = Math.max(truncate ? Math.floor(low) : low, 0);
    double to = Math.min(truncate ? Math.ceil(high) : high, headDim - 1);
    float width = (float) ((to == from ? to + 0.001 : to) - from);
    return new Rope(
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
    return headDim * Math.log(original / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
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

  /** The short factors, which hold up to the original length. */
  private Rope longRope(JsonObject json) throws ModelFormatException {
    int original = originalLength(json);
    List<Double> factors = json.positives("short_factor", MAX_FACTOR);
    if (factors.size() != headDim / 2) {
      throw json.unsupported(
          "short_factor",
          "has " + factors.size() + " numbers, head_dim / 2 is " + headDim / 2,
          "Correct the file");
    }
    double factor = json.positive("factor", MAX_FACTOR).orElse((double) maxPositions / original);
    double attention =
        json.positive("attention_factor", MAX_FACTOR)
            .orElse(factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
    return new Rope(
        frequencies(i -> 1 / (factors.get(i).floatValue() * wave(i))), attention, original);
  }

  private int originalLength(JsonObject json) throws ModelFormatException {
    return json.whole("original_max_position_embeddings", maxPositions, 2, MAX_POSITIONS);
  }

  private static double required(JsonObject json, String key) throws ModelFormatException {
    return json.positive(key, MAX_FACTOR)
        .orElseThrow(() -> json.unsupported(key, "is missing", "Correct the file"));
  }

  private float wave(int i) {
    float exponent = (float) (2 * i) / headDim;
    return (float) Math.pow((float) theta, exponent);
  }

  private float inverse(int i) {
    return 1 / wave(i);
  }

  private List<Float> frequencies(IntToDoubleFunction frequency) {
    List<Float> result = new ArrayList<>(headDim / 2);
    for (int i = 0; i < headDim / 2; i++) {
      result.add((float) frequency.applyAsDouble(i));
    }
    return result;
  }
}
