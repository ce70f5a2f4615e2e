/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
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
   * @throws IllegalArgumentException for int8 where it cannot be multiplied
   */
  static LinearKernel of(PtNDManager manager, DecoderOptions options) {
    boolean cpu = options.device().type() == TorchDevice.Type.CPU;
    DType dtype = options.dtype();
    if (dtype == DType.INT8) {
      return int8(manager);
    }
    if (!cpu || !options.packedLinear()) {
      return LinearKernel.PLAIN;
    }
    if (dtype == DType.FLOAT32) {
      return PackedLinearSupport.works(manager, dtype) ? LinearKernel.PACKED : LinearKernel.PLAIN;
    }
    boolean packed = dtype == DType.BFLOAT16 && PackedLinearSupport.works(manager, dtype);
    double ratio = packed ? (double) time(manager, dtype) / time(manager, DType.FLOAT32) : 0;
    LinearKernel kernel = choose(packed, ratio, () -> fbgemmWorks(manager, LinearKernel.HALF));
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

  private static LinearKernel int8(PtNDManager manager) {
    if (!fbgemmWorks(manager, LinearKernel.INT8)) {
      throw new IllegalArgumentException(
          "dtype int8 needs FBGEMM, which libtorch has on x86-64 processors with AVX2;"
              + " choose bfloat16 or float32 here");
    }
    return LinearKernel.INT8;
  }

  private static boolean fbgemmWorks(PtNDManager manager, LinearKernel kernel) {
    String text =
        DecoderScript.weightsAlone(kernel)
            + """
              def probe(self, x: Tensor) -> Tensor:
                _0 = torch.append((self).w, torch.new_ones(x, [16, 16]))
                (self).keep(0)
                return (self).product(torch.new_ones(x, [2, 16]), (self).w[0], (self).kept[0])
            """;
    List<String> packed = FbgemmScript.LISTS;
    try (ScriptModule module = new ScriptModule(manager, text, List.of("w"), packed);
        NativeScope scope = module.scope()) {
      IValue product = module.call(scope, "probe", scope.float32(new float[] {0f}));
      float[] values = Decoder.rows(scope.toTensor(product), 2, 16)[1];
      return Math.abs(values[15] - 16) < 1e-2;
    } catch (EngineException e) {
      LOG.debug("probe of {}", kernel, e);
      return false;
    }
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
