/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Writes the part of a training module that holds what is trained: setting it up, reading and
 * writing it, and the optimiser. The lists are those of {@link TrainingScript}.
 */
final class TrainedStateScript {

  private TrainedStateScript() {}

  /** Methods of {@code class Decoder(Module)}. */
  static String text(TrainOptions options, WeightLayout layout, LoraLayout lora) {
    return setUp(options, layout, lora) + access() + gradients() + optimiser();
  }

  /**
   * {@code adopt} takes a weight that was loaded among what is trained, {@code add} a matrix that
   * was not loaded. {@code prepare} then makes everything fit for autograd; the first weights of
   * the module become views of what is trained if all of them are.
   */
  private static String setUp(TrainOptions options, WeightLayout layout, LoraLayout lora) {
    return """
          def add(self, t: Tensor) -> NoneType:
            _0 = torch.append((self).l, torch.clone(t))
            return None
          def adopt(self, index: int) -> NoneType:
            _0 = torch.append((self).l, (self).w[index])
            return None
          def drop(self) -> NoneType:
            _0 = torch.pop((self).w)
            return None
          def prepare(self) -> Tensor:
            w = (self).w
            l = (self).l
            for i in range(torch.len(l)):
              l[i] = torch.clone(l[i])
              dtype = 6 if torch.lt(i, %1$s) else (6 if torch.ge(i, torch.len(l) - %4$s) else %3$s)
              t = torch.requires_grad_(torch.to(l[i], dtype), True)
              _0 = torch.append((self).p, t)
              if torch.lt(i, %2$s):
                w[i] = t
              _1 = torch.append((self).g, torch.zeros_like(l[i]))
              _2 = torch.append((self).m, torch.zeros_like(l[i]))
              _3 = torch.append((self).v, torch.zeros_like(l[i]))
            for i in range(torch.len(w)):
              if torch.ge(i, %2$s):
                w[i] = torch.clone(torch.to(w[i], %3$s))
            return torch.new_zeros(w[0], [], dtype=6)
          def stage(self, tensors: List[Tensor]) -> NoneType:
            torch.clear((self).d)
            torch.extend((self).d, tensors)
            return None
          def unstage(self) -> NoneType:
            torch.clear((self).d)
            return None
        """
        .formatted(
            lora.matrices().size(),
            options.allWeights() ? layout.slots().size() : 0,
            DecoderScript.torchType(options.dtype()),
            options.denseWidth() > 0 ? 2 : 0);
  }

  /** Consecutive elements of a trained tensor or of what belongs to it. */
  private static String access() {
    return """
          def state(self, kind: int, index: int) -> Tensor:
            if torch.eq(kind, 0):
              t = (self).l[index]
            elif torch.eq(kind, 1):
              t = (self).g[index]
            elif torch.eq(kind, 2):
              t = (self).m[index]
            else:
              t = (self).v[index]
            return t
          def part(self, t: Tensor, first: int, count: int) -> Tensor:
            return torch.narrow(torch.view(torch.detach(t), [-1]), 0, first, count)
          def read(self, kind: int, index: int, first: int, count: int) -> Tensor:
            return torch.clone((self).part((self).state(kind, index), first, count))
          def write(self, kind: int, index: int, first: int, values: Tensor) -> NoneType:
            count = torch.numel(values)
            _0 = torch.copy_((self).part((self).state(kind, index), first, count), values)
            if torch.eq(kind, 0):
              _1 = torch.copy_((self).part((self).p[index], first, count), values)
            return None
        """;
  }

  private static String gradients() {
    return """
          def norm_of_gradients(self) -> float:
            parts = annotate(List[Tensor], [])
            for i in range(torch.len((self).g)):
              _0 = torch.append(parts, torch.linalg_vector_norm((self).g[i], 2, None, False, dtype=6))
            return float(torch.linalg_vector_norm(torch.stack(parts), 2, None, False, dtype=6))
          def zero_gradients(self) -> NoneType:
            for i in range(torch.len((self).g)):
              _0 = torch.zero_((self).g[i])
            return None
          def scale_gradients(self, factor: float) -> NoneType:
            for i in range(torch.len((self).g)):
              _0 = torch.mul_((self).g[i], factor)
            return None
        """;
  }

  /** Order of operations and roundings as in {@code torch.optim.AdamW}. */
  private static String optimiser() {
    return """
          def update(self, sizes: List[float], decays: List[float], beta1: float, beta2: float, \
        root: float, epsilon: float) -> NoneType:
            for i in range(torch.len((self).l)):
              l = (self).l[i]
              g = (self).g[i]
              m = (self).m[i]
              v = (self).v[i]
              _0 = torch.mul_(l, decays[i])
              _1 = torch.lerp_(m, g, torch.sub(1., beta1))
              _2 = torch.addcmul_(torch.mul_(v, beta2), g, g, value=torch.sub(1., beta2))
              s = torch.add_(torch.div(torch.sqrt(v), root), epsilon)
              _3 = torch.addcdiv_(l, m, s, value=torch.neg(sizes[i]))
              _4 = torch.copy_((self).p[i], l)
            return None
        """;
  }
}
