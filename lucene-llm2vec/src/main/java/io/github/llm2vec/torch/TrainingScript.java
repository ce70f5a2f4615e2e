/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Writes what training adds to the forward pass of {@link DecoderScript}: low-rank branches,
 * losses, gradients and the optimiser. Everything that is trained or that a loss reads lies in
 * lists of the module:
 *
 * <ul>
 *   <li>{@code l}: the adapter's matrices, then the head if it is trained, in single precision;
 *   <li>{@code g}, {@code m}, {@code v}: their gradients and the two moments of Adam;
 *   <li>{@code d}: the batch of the next differentiated call.
 * </ul>
 *
 * <p>Differentiated methods take no arguments (see {@link ScriptModule#differentiate}) and return
 * the loss. Weights that were loaded in inference mode cannot take part in autograd, hence {@code
 * prepare}, which replaces them by copies one after the other.
 */
final class TrainingScript {

  private TrainingScript() {}

  /** The text of {@code class Decoder(Module)} with training. */
  static String text(DecoderScript decoder, TrainOptions options) {
    String head =
        switch (options.head()) {
          case NONE, TIED -> "(self).w[0]";
          case TRAINED ->
              "torch.to((self).l[-1], %d)".formatted(DecoderScript.torchType(options.dtype()));
        };
    return """
        class Decoder(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          w : List[Tensor]
          l : List[Tensor]
          g : List[Tensor]
          m : List[Tensor]
          v : List[Tensor]
          d : List[Tensor]
        """
        + WeightScript.text()
        + decoder.body()
        + branch(options.lora())
        + state()
        + losses(head)
        + optimiser();
  }

  /** {@code scale * B A dropout(x)} in single precision, whatever the model computes in. */
  private static String branch(LoraOptions lora) {
    return """
          def branch(self, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
            x = torch.dropout(torch.to(x, 6), %s, (self).training)
            return torch.mul(torch.linear(torch.linear(x, a), b), %s)
        """
        .formatted(lora.dropout(), lora.scale());
  }

  private static String state() {
    return """
          def add(self, t: Tensor) -> NoneType:
            _0 = torch.append((self).l, torch.clone(t))
            return None
          def prepare(self) -> Tensor:
            w = (self).w
            for i in range(torch.len(w)):
              w[i] = torch.clone(w[i])
            l = (self).l
            for i in range(torch.len(l)):
              l[i] = torch.clone(l[i])
              _0 = torch.append((self).g, torch.zeros_like(l[i]))
              _1 = torch.append((self).m, torch.zeros_like(l[i]))
              _2 = torch.append((self).v, torch.zeros_like(l[i]))
              _3 = torch.requires_grad_(l[i], True)
            return torch.new_zeros(w[0], [], dtype=6)
          def stage(self, tensors: List[Tensor]) -> NoneType:
            torch.clear((self).d)
            torch.extend((self).d, tensors)
            return None
          def unstage(self) -> NoneType:
            torch.clear((self).d)
            return None
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
          def set(self, kind: int, index: int, values: Tensor) -> NoneType:
            _0 = torch.copy_((self).state(kind, index), values)
            return None
          def read(self, kind: int, index: int) -> Tensor:
            return torch.clone(torch.detach((self).state(kind, index)))
        """;
  }

  private static String losses(String head) {
    return """
          def groups(self) -> List[int]:
            out = annotate(List[int], [])
            t = (self).d[2]
            for i in range(torch.size(t, 0)):
              _0 = torch.append(out, int(torch.select(t, 0, i)))
            return out
          def masked(self) -> Tensor:
            d = (self).d
            h = (self).hidden(d[0], d[1], (self).groups(), d[3], d[4], d[5])
            h = torch.index_select(h, 0, d[6])
            logits = torch.to(torch.linear(h, %s), 6)
            return torch.cross_entropy_loss(logits, d[7])
          def contrastive(self) -> Tensor:
            d = (self).d
            rows = int(torch.select(d[9], 0, 0))
            n = int(torch.select(d[9], 0, 1))
            e = (self).encode(d[0], d[1], (self).groups(), d[3], d[4], d[5], d[6], d[7], d[8], rows)
            length = torch.linalg_vector_norm(e, 2, [-1], True, dtype=6)
            e = torch.div(e, torch.clamp_min(length, 9.9999999999999998e-13))
            q = torch.narrow(e, 0, 0, n)
            c = torch.narrow(e, 0, n, torch.sub(rows, n))
            scores = torch.mul(torch.matmul(q, torch.t(c)), d[10])
            return torch.cross_entropy_loss(scores, d[11])
          def collect(self, loss: Tensor) -> Tensor:
            l = (self).l
            weighted = torch.mul(loss, (self).d[-1])
            grads = torch.grad([weighted], l, None, None, False, True)
            for i in range(torch.len(l)):
              grad = grads[i]
              if torch.__isnot__(grad, None):
                found = unchecked_cast(Tensor, grad)
                _0 = torch.add_((self).g[i], found)
            return torch.detach(loss)
          def masked_gradient(self) -> Tensor:
            self.training = True
            return (self).collect((self).masked())
          def contrastive_gradient(self) -> Tensor:
            self.training = True
            return (self).collect((self).contrastive())
        """
        .formatted(head);
  }

  /** Order of operations and roundings as in {@code torch.optim.AdamW}. */
  private static String optimiser() {
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
          def update(self, size: float, decay: float, beta1: float, beta2: float, root: float, \
        epsilon: float) -> NoneType:
            for i in range(torch.len((self).l)):
              p = (self).l[i]
              g = (self).g[i]
              m = (self).m[i]
              v = (self).v[i]
              _0 = torch.mul_(p, decay)
              _1 = torch.lerp_(m, g, torch.sub(1., beta1))
              _2 = torch.addcmul_(torch.mul_(v, beta2), g, g, value=torch.sub(1., beta2))
              s = torch.add_(torch.div(torch.sqrt(v), root), epsilon)
              _3 = torch.addcdiv_(p, m, s, value=torch.neg(size))
            return None
        """;
  }
}
