/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the kernel for the linear layers of a model by what this processor and this libtorch can
 * do. bfloat16 is multiplied as such only where it is the faster: not every processor has
 * arithmetic for it, and libtorch's way round that is several times slower than single precision.
 */
final class KernelChoice {

  private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);

  private static final int TIMED_RUNS = 4;

  private static final String TIMED =
      """
      class Decoder(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        w : List[Tensor]
        def make(self, x: Tensor, dtype: int) -> Tensor:
          m = torch.to(torch.mul(torch.new_ones(x, [1024, 512]), 0.01), dtype)
          return ops.mkldnn._reorder_linear_weight(m, 64)
        def run(self, x: Tensor, weight: Tensor, dtype: int) -> float:
          m = torch.to(torch.new_ones(x, [64, 512]), dtype)
          y = ops.mkldnn._linear_pointwise(m, weight, None, "none", \
      annotate(List[Optional[number]], []), None)
          return float(torch.to(y[0][0], 6))
      """;

  private KernelChoice() {}

  /**
   * Chooses, and says in the log where it is not what the dtype lets one expect.
   *
   * @throws IllegalArgumentException for int8 and int4 where they cannot be multiplied
   */
  static LinearKernel of(PtNDManager manager, DecoderOptions options) {
    boolean cpu = options.device().type() == TorchDevice.Type.CPU;
    DType dtype = options.dtype();
    if (dtype == DType.INT8) {
      return quantised(manager, dtype, LinearKernel.INT8);
    }
    if (dtype == DType.INT4) {
      boolean fast =
          PackedLinearSupport.works(manager, DType.BFLOAT16) && ratio(manager, DType.BFLOAT16) < 1;
      return quantised(manager, dtype, fast ? LinearKernel.INT4_BFLOAT16 : LinearKernel.INT4);
    }
    if (!cpu || !options.packedLinear()) {
      return LinearKernel.PLAIN;
    }
    if (dtype == DType.FLOAT32) {
      return PackedLinearSupport.works(manager, dtype) ? LinearKernel.PACKED : LinearKernel.PLAIN;
    }
    boolean packed = dtype == DType.BFLOAT16 && PackedLinearSupport.works(manager, dtype);
    double ratio = packed ? ratio(manager, dtype) : 0;
    LinearKernel kernel = choose(packed, ratio, () -> works(manager, LinearKernel.HALF));
    if (kernel != LinearKernel.PACKED) {
      LOG.info(
          "no fast {} arithmetic on this processor{}; linear layers: {}",
          dtype.configName(),
          packed ? String.format(Locale.ROOT, " (%.1f times float32's time)", ratio) : "",
          kernel.description());
    }
    return kernel;
  }

  /**
   * The choice for 16 bits on a CPU.
   *
   * @param packed whether oneDNN multiplies this dtype
   * @param ratio how long that takes, beside float32
   */
  static LinearKernel choose(boolean packed, double ratio, BooleanSupplier half) {
    if (packed && ratio < 1) {
      return LinearKernel.PACKED;
    }
    if (half.getAsBoolean()) {
      return LinearKernel.HALF;
    }
    return packed ? LinearKernel.PACKED : LinearKernel.PLAIN;
  }

  private static LinearKernel quantised(PtNDManager manager, DType dtype, LinearKernel kernel) {
    if (!works(manager, kernel)) {
      throw new IllegalArgumentException(
          "dtype %s needs FBGEMM, which libtorch has on x86-64 processors with AVX2; choose bfloat16 or float32 here"
              .formatted(dtype.configName()));
    }
    return kernel;
  }

  /** Multiplies rows of ones with a matrix of ones, few and many. */
  private static boolean works(PtNDManager manager, LinearKernel kernel) {
    LinearScript linear = new LinearScript(kernel, DecoderSpec.Activation.SILU);
    String text =
        DecoderScript.weightsAlone(kernel)
            + """
              def probe(self, x: Tensor) -> Tensor:
                _0 = torch.append((self).w, torch.new_ones(x, [64, 32]))
                (self).keep(0)
                %s
                few = %s
                many = %s
                return torch.cat([torch.narrow(few, 0, 1, 1), torch.narrow(many, 0, 63, 1)], 0)
            """
                .formatted(
                    linear.lists(),
                    linear.product("torch.new_ones(x, [2, 32])", "w[0]", "None"),
                    linear.product("torch.new_ones(x, [64, 32])", "w[0]", "None"));
    List<String> lists = Int4Script.lists(kernel);
    List<String> packed = kernel.fbgemm() ? FbgemmScript.LISTS : List.of();
    try (ScriptModule module = new ScriptModule(manager, text, lists, packed);
        NativeScope scope = module.scope()) {
      IValue product = module.call(scope, "probe", scope.float32(new float[] {0f}));
      float[][] values = Decoder.rows(scope.toTensor(product), 2, 64);
      return Math.abs(values[0][63] - 32) < 0.1 && Math.abs(values[1][63] - 32) < 0.1;
    } catch (EngineException e) {
      LOG.debug("probe of {}", kernel, e);
      return false;
    }
  }

  /** How long the products of a dtype take beside those of float32. */
  private static double ratio(PtNDManager manager, DType dtype) {
    return (double) time(manager, dtype) / time(manager, DType.FLOAT32);
  }

  /** Nanoseconds of the fastest of some products. */
  private static long time(PtNDManager manager, DType dtype) {
    try (ScriptModule module = new ScriptModule(manager, TIMED);
        NativeScope scope = module.scope()) {
      IValue like = scope.float32(new float[] {0f});
      IValue type = scope.number((long) DecoderScript.torchType(dtype));
      IValue weight = module.call(scope, "make", like, type);
      long best = Long.MAX_VALUE;
      for (int run = 0; run < TIMED_RUNS; run++) {
        long start = System.nanoTime();
        module.call(scope, "run", like, weight, type).toDouble();
        best = Math.min(best, System.nanoTime() - start);
      }
      return best;
    }
  }
}
