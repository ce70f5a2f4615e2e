/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.pytorch.engine.PtNDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.HalfFloats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Linear layers on weights that FBGEMM keeps in 16 or 8 bits: against the formula, and every
 * architecture against the real class in single precision (src/test/python/make_conformance.py).
 */
class FbgemmWeightsTest {

  private static final int IN = 48;
  private static final int OUT = 20;

  @ParameterizedTest
  @MethodSource("io.github.llm2vec.torch.ConformanceTest#rows")
  void vectorsAreCloseToSinglePrecision(Path row) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(row.resolve("expected.json").toFile());
    DecoderSpec spec = DecoderConfig.read(row.resolve("config.json")).spec();
    JsonNode states = expected.get(spec.causal() ? "causal" : "bidirectional").get("states");
    // float16 is what FBGEMM keeps on every processor.
    checkMeans(row, spec, expected, states, DType.FLOAT16, 1 - 1e-5);
    checkMeans(row, spec, expected, states, DType.INT8, 0.9995);
  }

  static void checkMeans(
      Path row, DecoderSpec spec, JsonNode expected, JsonNode states, DType dtype, double smallest)
      throws IOException {
    try (Decoder decoder = ConformanceTest.open(row, spec, dtype, true)) {
      String kernel = dtype == DType.INT4 ? "4-bit" : "FBGEMM";
      assertTrue(decoder.kernelDescription().startsWith(kernel), decoder.kernelDescription());
      for (int text = 0; text < expected.get("lengths").size(); text++) {
        int length = expected.get("lengths").get(text).intValue();
        PackedBatch.Builder batch = new PackedBatch.Builder();
        batch.add(ConformanceTest.ids(length), 0);
        for (int position = 0; position < length; position++) {
          batch.pool(position, 1f / length);
        }
        double[] mean = new double[decoder.spec().outputSize()];
        for (int i = 0; i < states.get(text).size(); i++) {
          mean[i % mean.length] += states.get(text).get(i).doubleValue() / length;
        }
        double cosine = ConformanceTest.cosine(i -> mean[i], decoder.forward(batch.build())[0]);
        assertTrue(
            cosine >= smallest,
            () -> "%s, %d tokens: cosine %s in %s".formatted(row, length, cosine, dtype));
      }
    }
  }

  /** Few rows and many, weights with a column and a row of another size, and one of zeros. */
  @ParameterizedTest
  @CsvSource({"INT8,1", "INT8,8", "INT8,300", "HALF,1", "HALF,8", "HALF,300"})
  void productsAreThoseOfTheFormula(LinearKernel kernel, int tokens) {
    Random random = new Random(tokens);
    float[] weight = new float[OUT * IN];
    for (int i = 0; i < weight.length; i++) {
      int row = i / IN;
      int column = i % IN;
      double size = (column == 5 ? 20 : 1) * (row == 3 ? 1e-3 : row == 4 ? 0 : 1);
      weight[i] = (float) (random.nextGaussian() * 0.02 * size);
    }
    float[] x = new float[tokens * IN];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (random.nextGaussian() * (i % IN == 7 ? 30 : 1) * (i / IN == 2 ? 1e3 : 1));
    }
    double[] kept = kernel == LinearKernel.INT8 ? codes(weight) : halves(weight);
    float[] actual = product(kernel, weight, x, tokens);
    for (int token = 0; token < tokens; token++) {
      double largest = 0;
      for (int k = 0; k < IN; k++) {
        largest = Math.max(largest, Math.abs(x[token * IN + k]));
      }
      for (int n = 0; n < OUT; n++) {
        double expected = 0;
        double norm = 0;
        for (int k = 0; k < IN; k++) {
          double w = kept[n * IN + k];
          expected += w * x[token * IN + k];
          norm += w * w;
        }
        // Two halves of 7 bits: a step of largest / (63 * 126) for each activation.
        double tolerance = 1e-12 + 2e-3 * largest / 8 * Math.sqrt(norm);
        assertEquals(expected, actual[token * OUT + n], tolerance, "token " + token + " row " + n);
      }
    }
  }

  /** {@code row * column * code} in double precision, as {@link FbgemmScript} has it. */
  private static double[] codes(float[] weight) {
    double[] columns = new double[IN];
    double mean = 0;
    for (int k = 0; k < IN; k++) {
      for (int n = 0; n < OUT; n++) {
        columns[k] += (double) weight[n * IN + k] * weight[n * IN + k];
      }
      columns[k] = Math.pow(columns[k], 0.25);
      mean += columns[k] / IN;
    }
    double[] kept = new double[weight.length];
    for (int n = 0; n < OUT; n++) {
      double largest = 0;
      for (int k = 0; k < IN; k++) {
        columns[k] /= n == 0 ? mean : 1;
        largest = Math.max(largest, Math.abs(weight[n * IN + k] / columns[k]));
      }
      for (int k = 0; k < IN; k++) {
        double row = largest / 127;
        double code = row == 0 ? 0 : Math.rint(weight[n * IN + k] / columns[k] / row);
        kept[n * IN + k] = row * columns[k] * code;
      }
    }
    return kept;
  }

  private static double[] halves(float[] weight) {
    double[] kept = new double[weight.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = HalfFloats.fromFloat16(HalfFloats.toFloat16(weight[i]));
    }
    return kept;
  }

  static float[] product(LinearKernel kernel, float[] weight, float[] x, int tokens) {
    int in = x.length / tokens;
    int out = weight.length / in;
    LinearScript linear = new LinearScript(kernel, DecoderSpec.Activation.SILU);
    String text =
        DecoderScript.weightsAlone(kernel)
            + """
              def run(self, weight: Tensor, x: Tensor) -> Tensor:
                _0 = torch.append((self).w, torch.clone(weight))
                (self).keep(0)
                %s
                return %s
            """
                .formatted(linear.lists(), linear.product("x", "w[0]", "None"));
    TorchRuntime.start();
    try (DeviceThread thread = new DeviceThread()) {
      return thread.call(
          () -> {
            try (PtNDManager manager = TorchRuntime.openManager(TorchDevice.CPU);
                ScriptModule module =
                    new ScriptModule(
                        manager,
                        text,
                        Int4Script.lists(kernel),
                        kernel.fbgemm() ? FbgemmScript.LISTS : List.of());
                NativeScope scope = module.scope()) {
              float[] flat = new float[tokens * out];
              float[][] rows =
                  Decoder.rows(
                      scope.toTensor(
                          module.call(
                              scope,
                              "run",
                              scope.tensor(scope.floats(weight, out, in)),
                              scope.tensor(scope.floats(x, tokens, in)))),
                      tokens,
                      out);
              for (int i = 0; i < flat.length; i++) {
                flat[i] = rows[i / out][i % out];
              }
              return flat;
            }
          });
    }
  }

  @Test
  void bfloat16IsMultipliedAsSuchWhereThatIsFaster() {
    assertEquals(LinearKernel.PACKED, KernelChoice.choose(true, 0.5, () -> true));
    assertEquals(LinearKernel.HALF, KernelChoice.choose(true, 6, () -> true));
    assertEquals(LinearKernel.PACKED, KernelChoice.choose(true, 6, () -> false));
    assertEquals(LinearKernel.HALF, KernelChoice.choose(false, 0, () -> true));
    assertEquals(LinearKernel.PLAIN, KernelChoice.choose(false, 0, () -> false));
  }

  @Test
  void aGpuIsRefused() {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> new DecoderOptions(DType.INT8, TorchDevice.of("cuda:1"), 64, true));
    assertTrue(refusal.getMessage().contains("int8 runs on the CPU only"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("cuda:1"), refusal.getMessage());
  }
}
