/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.llm2vec.safetensors.DType;

/**
 * Measures the throughput of one large matrix product through libtorch, the ceiling of encoding and
 * training on a machine.
 */
public final class GemmThroughput {

  private static final int RUNS = 5;
  private static final int PRODUCTS = 4;

  private GemmThroughput() {}

  /**
   * Multiplies {@code (rows, in)} by {@code (in, out)} some times and takes the fastest.
   *
   * @return GFLOP/s, counting two operations per multiplication and addition
   */
  public static double measure(DType dtype, TorchDevice device, int rows, int in, int out) {
    try (DeviceThread thread = new DeviceThread()) {
      return thread.call(() -> measureHere(dtype, device, rows, in, out));
    }
  }

  private static double measureHere(DType dtype, TorchDevice device, int rows, int in, int out) {
    String text =
        """
        class Decoder(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          w : List[Tensor]
          def make(self, x: Tensor, shape: List[int]) -> Tensor:
            return torch.to(torch.mul(torch.new_ones(x, shape), 0.01), %s)
          def run(self, x: Tensor, w: Tensor, times: int) -> float:
            total = 0.0
            for i in range(times):
              y = torch.linear(x, w)
              total = total + float(torch.to(y[0][i], 6))
            return total
        """
            .formatted(DecoderScript.torchType(dtype));
    try (PtNDManager manager = TorchRuntime.openManager(device);
        ScriptModule module = new ScriptModule(manager, text);
        NativeScope scope = module.scope()) {
      PtNDArray like = (PtNDArray) manager.zeros(new Shape(1));
      IValue x = module.call(scope, "make", scope.tensor(like), scope.numbers((long) rows, in));
      IValue w = module.call(scope, "make", scope.tensor(like), scope.numbers((long) out, in));
      IValue times = scope.number((long) PRODUCTS);
      double best = Double.MAX_VALUE;
      for (int run = 0; run < RUNS; run++) {
        long start = System.nanoTime();
        // Reading a number of every product makes a GPU finish before the clock is read.
        module.call(scope, "run", x, w, times).toDouble();
        best = Math.min(best, (System.nanoTime() - start) / 1e9);
      }
      return 2.0 * rows * in * out * PRODUCTS / best / 1e9;
    }
  }
}
