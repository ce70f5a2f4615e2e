/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Writes the part of a module that takes weights in. A weight is allocated once in its final dtype
 * and filled row block by row block, so that loading needs the model plus one block.
 */
final class WeightScript {

  private WeightScript() {}

  /** Methods of {@code class Decoder(Module)}. */
  static String text() {
    return """
          def allocate(self, like: Tensor, shape: List[int], dtype: int) -> int:
            _0 = torch.append((self).w, torch.new_empty(like, shape, dtype=dtype))
            return torch.sub(torch.len((self).w), 1)
          def fill(self, index: int, row: int, block: Tensor, a: List[Tensor], b: List[Tensor], \
        scales: List[float]) -> bool:
            if torch.ge(index, 0):
              target = torch.narrow((self).w[index], 0, row, torch.size(block, 0))
            else:
              target = block
            finite = bool(torch.all(torch.isfinite(block)))
            x = block
            for i in range(torch.len(a)):
              delta = torch.mul(torch.matmul(b[i], a[i]), scales[i])
              finite = torch.__and__(finite, bool(torch.all(torch.isfinite(delta))))
              x = torch.to(torch.type_as(torch.add(x, delta), target), 6)
            _0 = torch.copy_(target, x)
            return finite
          def pack(self, index: int, rows: int) -> NoneType:
            w = (self).w
            w[index] = ops.mkldnn._reorder_linear_weight(w[index], rows)
            return None
          def rope(self, frequencies: Tensor, longer: Tensor, short: int, length: int, \
        factor: float, beta: float, step: float, dtype: int) -> NoneType:
            positions = torch.arange(length, dtype=6, layout=None, \
        device=ops.prim.device(frequencies))
            angles = torch.outer(positions, frequencies)
            if torch.gt(torch.numel(longer), 0):
              angles = torch.cat([torch.narrow(angles, 0, 0, short), \
        torch.outer(positions, longer)], 0)
            else:
              pass
            _0 = torch.append((self).w, torch.to(torch.mul(torch.cos(angles), factor), dtype))
            _1 = torch.append((self).w, torch.to(torch.mul(torch.sin(angles), factor), dtype))
            steps = torch.log(torch.add(torch.floor(torch.div(positions, step)), 1.))
            scales = torch.add(torch.mul(steps, beta), 1.)
            _2 = torch.append((self).w, torch.to(scales, dtype))
            return None
        """;
  }
}
