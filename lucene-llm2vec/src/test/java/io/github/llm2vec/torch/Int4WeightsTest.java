/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Linear layers on 4-bit weights. Their values are read by multiplying with the identity; what they
 * may differ by follows from the plain rounding of every group between its smallest and largest.
 */
class Int4WeightsTest {

  private static final int GROUP = 32;

  /** Many rows in one call, and few rows in each of many calls. */
  @ParameterizedTest
  @CsvSource({
    "INT4,64,96",
    "INT4,320,96",
    "INT4,704,64",
    "INT4_BFLOAT16,64,96",
    "INT4_BFLOAT16,704,64",
  })
  void weightsAreCloserThanPlainRounding(LinearKernel kernel, int out, int in) {
    float[] weight = gaussian(out, in);
    float[] many = FbgemmWeightsTest.product(kernel, weight, identity(in, 0, in), in);
    double plain = 0;
    double error = 0;
    for (int n = 0; n < out; n++) {
      for (int group = 0; group < in; group += GROUP) {
        plain += plainError(weight, n * in + group);
        for (int k = group; k < group + GROUP; k++) {
          error += square(weight[n * in + k] - many[k * out + n]);
        }
      }
    }
    assertTrue(error < 0.93 * plain, error + " beside " + plain);
    float[] few = FbgemmWeightsTest.product(kernel, weight, identity(in, 3, 8), 8);
    for (int i = 0; i < few.length; i++) {
      assertEquals(few[i], many[3 * out + i], Math.abs(few[i]) / 64 + 1e-4, "element " + i);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = LinearKernel.class,
      names = {"INT4", "INT4_BFLOAT16"})
  void weightsOfSixteenValuesPerGroupAreKept(LinearKernel kernel) {
    int out = 128;
    int in = 64;
    Random random = new Random(5);
    float[] weight = new float[out * in];
    for (int group = 0; group < weight.length; group += GROUP) {
      float scale = (1 + random.nextInt(8)) / 256f; // in bfloat16 exactly, as the middle is
      float middle = (random.nextInt(16) - 8) / 64f;
      for (int i = 0; i < GROUP; i++) {
        int code = i < 2 ? 15 * i : random.nextInt(16);
        weight[group + i] = scale * (code - 8) + middle;
      }
    }
    float[] rows = FbgemmWeightsTest.product(kernel, weight, identity(in, 0, in), in);
    for (int n = 0; n < out; n++) {
      for (int k = 0; k < in; k++) {
        float expected = weight[n * in + k];
        assertEquals(expected, rows[k * out + n], Math.abs(expected) / 128, n + ", " + k);
      }
    }
  }

  /** As GGUF's Q4_0 and Q4_K have them, with scales of 16 bits and by no means all 16 codes. */
  @ParameterizedTest
  @CsvSource({"INT4,0", "INT4,0.3", "INT4_BFLOAT16,0", "INT4_BFLOAT16,0.3"})
  void weightsThatWereFourBitsBeforeAreKept(LinearKernel kernel, float offset) {
    int out = 128;
    int in = 64;
    Random random = new Random(6);
    float[] weight = new float[out * in];
    for (int group = 0; group < weight.length; group += GROUP) {
      float scale = (random.nextBoolean() ? 1 : -1) * (1024 + random.nextInt(1024)) / 65536f;
      int largest = 9 + random.nextInt(6);
      for (int i = 0; i < GROUP; i++) {
        int code = i < 2 ? i * largest : random.nextInt(largest + 1);
        weight[group + i] = scale * (code - 8) + offset;
      }
    }
    float[] rows = FbgemmWeightsTest.product(kernel, weight, identity(in, 0, in), in);
    double squares = 0;
    double error = 0;
    for (int n = 0; n < out; n++) {
      for (int k = 0; k < in; k++) {
        squares += square(weight[n * in + k]);
        error += square(weight[n * in + k] - rows[k * out + n]);
      }
    }
    assertTrue(error < 1e-5 * squares, error + " beside " + squares);
  }

  /** 20 rows of 48 columns are no whole blocks, and stay as they are. */
  @Test
  void otherSizesStayInSinglePrecision() {
    float[] weight = gaussian(20, 48);
    float[] rows = FbgemmWeightsTest.product(LinearKernel.INT4, weight, identity(48, 0, 48), 48);
    for (int i = 0; i < weight.length; i++) {
      assertEquals(weight[i], rows[i % 48 * 20 + i / 48], 0f);
    }
  }

  /** The vectors of every architecture, of which the small ones have few weights to pack. */
  @ParameterizedTest
  @MethodSource("io.github.llm2vec.torch.ConformanceTest#rows")
  void vectorsAreCloseToSinglePrecision(Path row) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(row.resolve("expected.json").toFile());
    DecoderSpec spec = DecoderConfig.read(row.resolve("config.json")).spec();
    JsonNode states = expected.get(spec.causal() ? "causal" : "bidirectional").get("states");
    FbgemmWeightsTest.checkMeans(row, spec, expected, states, DType.INT4, 0.98);
  }

  @Test
  void aGpuIsRefused() {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> new DecoderOptions(DType.INT4, TorchDevice.of("cuda:1"), 64, true));
    assertTrue(refusal.getMessage().contains("int4 runs on the CPU only"), refusal.getMessage());
  }

  private static float[] gaussian(int out, int in) {
    Random random = new Random(out);
    float[] weight = new float[out * in];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) random.nextGaussian();
    }
    return weight;
  }

  /** Rows of the identity matrix. */
  private static float[] identity(int size, int first, int rows) {
    float[] values = new float[rows * size];
    for (int row = 0; row < rows; row++) {
      values[row * size + first + row] = 1;
    }
    return values;
  }

  private static double plainError(float[] weight, int first) {
    double smallest = Double.POSITIVE_INFINITY;
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = first; i < first + GROUP; i++) {
      smallest = Math.min(smallest, weight[i]);
      largest = Math.max(largest, weight[i]);
    }
    double error = 0;
    for (int i = first; i < first + GROUP; i++) {
      double code = (weight[i] - smallest) / (largest - smallest) * 15;
      error += square((Math.rint(code) - code) * (largest - smallest) / 15);
    }
    return error;
  }

  private static double square(double value) {
    return value * value;
  }
}
