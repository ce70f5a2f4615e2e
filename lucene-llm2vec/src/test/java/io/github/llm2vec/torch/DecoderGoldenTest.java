/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.llm2vec.model.DType;
import io.github.llm2vec.model.DecoderSpec;
import io.github.llm2vec.model.DecoderSpec.Activation;
import io.github.llm2vec.model.Rope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tiny models with closed-form weights ({@link FormulaWeights}); the expected numbers were computed
 * with Hugging Face transformers 4.57.6 in single precision, eager attention.
 */
class DecoderGoldenTest {

  private static final int[] LEFT_PADDED = {2, 2, 5, 6, 7, 8};
  private static final int[] FULL = {1, 9, 10, 11, 12, 13};
  private static final double TOLERANCE = 2e-5;

  record Golden(
      String name, DecoderSpec spec, List<Double> last, List<Double> mean0, List<Double> mean1) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Golden> models() {
    return Stream.of(
        new Golden(
            "llama",
            spec("llama", 4, 1e-5, Activation.SILU, plain(1e4, 4)),
            List.of(-0.35830, -1.07894, -1.48120, -1.25625),
            List.of(-0.86422, -1.23176, -1.06383, -0.35080),
            List.of(-0.14664, -0.61216, -0.96622, -0.96652)),
        new Golden(
            "qwen2",
            spec("qwen2", 4, 1e-6, Activation.SILU, plain(1e6, 4)),
            List.of(-0.41345, -1.10932, -1.44097, -1.12887),
            List.of(-0.87792, -1.17176, -0.92062, -0.15766),
            List.of(-0.43501, -0.85928, -1.01412, -0.74170)),
        new Golden(
            "qwen3",
            spec("qwen3", 8, 1e-6, Activation.SILU, plain(1e6, 8)),
            List.of(-1.23995, -0.42261, 0.65637, 1.45299),
            List.of(-0.47431, 0.20481, 0.82234, 1.05854),
            List.of(-0.69207, -0.62996, -0.24616, 0.27871)),
        new Golden(
            "gemma",
            spec("gemma", 8, 1e-6, Activation.GELU_TANH, plain(1e4, 8)),
            List.of(-1.00571, 0.03020, 1.06302, 1.57024),
            List.of(-0.35301, 0.24122, 0.73547, 0.89207),
            List.of(-0.57111, -0.56334, -0.29303, 0.11177)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void equalsTransformers(Golden golden) throws IOException {
    for (boolean packed : new boolean[] {false, true}) {
      try (Decoder decoder = load(golden.spec(), packed)) {
        PackedBatch batch =
            pool(
                    pool(pool(new PackedBatch.Builder(), LEFT_PADDED, 2, 1), LEFT_PADDED, 2, 4),
                    FULL,
                    0,
                    6)
                .build();
        float[][] rows = decoder.forward(batch);
        close(golden.last(), rows[0]);
        close(golden.mean0(), rows[1]);
        close(golden.mean1(), rows[2]);
        PackedBatch unpadded =
            pool(pool(new PackedBatch.Builder(), new int[] {5, 6, 7, 8}, 0, 4), FULL, 0, 6).build();
        float[][] packedRows = decoder.forward(unpadded);
        close(golden.mean0(), packedRows[0]);
        close(golden.mean1(), packedRows[1]);
      }
    }
  }

  static Decoder load(DecoderSpec spec, boolean packed) throws IOException {
    FormulaWeights weights = new FormulaWeights(shapes(spec), spec.onePlusNorm(), 0.3);
    return Decoder.load(
        spec,
        CheckpointWeights.of(weights, "closed-form weights"),
        new DecoderOptions(DType.FLOAT32, TorchDevice.CPU, 64, packed),
        LoadListener.NONE);
  }

  static PackedBatch.Builder pool(
      PackedBatch.Builder builder, int[] ids, int unseen, int lastTokens) {
    builder.add(ids, unseen);
    for (int i = ids.length - lastTokens; i < ids.length; i++) {
      builder.pool(i, 1f / lastTokens);
    }
    return builder;
  }

  static void close(List<Double> expected, float[] actual) {
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), actual[i], TOLERANCE, "component " + i);
    }
  }

  static Rope plain(double theta, int headDim) {
    List<Float> frequencies = new ArrayList<>();
    for (int i = 0; i < headDim / 2; i++) {
      frequencies.add((float) Math.pow(theta, -2.0 * i / headDim));
    }
    return new Rope(frequencies, 1, Integer.MAX_VALUE);
  }

  static DecoderSpec spec(String type, int headDim, double eps, Activation activation, Rope rope) {
    boolean gemma = type.equals("gemma");
    return new DecoderSpec(
        type,
        32,
        16,
        32,
        4,
        2,
        headDim,
        eps,
        activation,
        type.equals("qwen2"),
        false,
        false,
        type.equals("qwen3"),
        gemma,
        false,
        gemma,
        1 / Math.sqrt(headDim),
        Collections.nCopies(2, new DecoderSpec.Layer(rope, 0)),
        false);
  }

  static Map<String, long[]> shapes(DecoderSpec spec) {
    Map<String, long[]> shapes = new HashMap<>();
    for (WeightLayout.Slot slot : new WeightLayout(spec, LinearKernel.PLAIN).slots()) {
      slot.parts().forEach(part -> shapes.put(part.name(), part.shape()));
    }
    return shapes;
  }
}
