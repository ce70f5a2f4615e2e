/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDManager;
import io.github.llm2vec.safetensors.DType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Probe for oneDNN's packed linear layers in this libtorch, by dtype. */
final class PackedLinearSupport {

  private static final Logger LOG = LoggerFactory.getLogger(PackedLinearSupport.class);

  private PackedLinearSupport() {}

  static boolean works(PtNDManager manager, DType dtype) {
    String text =
        """
        class Decoder(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          w : List[Tensor]
          def probe(self, x: Tensor) -> Tensor:
            m = torch.to(torch.new_ones(x, [16, 16]), %1$s)
            p = ops.mkldnn._reorder_linear_weight(m, 16)
            y = ops.mkldnn._linear_pointwise(m, p, None, "swish", \
        annotate(List[Optional[number]], []), None)
            y = ops.mkldnn._linear_pointwise(m, y, p, None, "add")
            return torch.to(y, 6)
        """
            .formatted(DecoderScript.torchType(dtype));
    try (ScriptModule module = new ScriptModule(manager, text);
        NativeScope scope = module.scope()) {
      module.call(scope, "probe", scope.float32(new float[] {0f}));
      return true;
    } catch (EngineException e) {
      LOG.info("no packed linear layers in {} here, using torch.linear", dtype.configName());
      LOG.debug("probe", e);
      return false;
    }
  }
}
