/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Writes what the copies of a model that train together give one another: weights, gradients, and
 * the vectors of texts with their gradient. Copies on one device share the memory of all weights. A
 * copy has no moments, since the optimiser works on the first of them.
 */
final class ReplicaScript {

  private ReplicaScript() {}

  /**
   * Methods of {@code class Decoder(Module)}.
   *
   * @param device where this copy is
   * @param adopted how many of the weights are trained themselves
   */
  static String text(TorchDevice device, int adopted) {
    return """
          def weights(self) -> List[List[Tensor]]:
            return [(self).w, (self).p]
          def follow(self, lists: List[List[Tensor]]) -> NoneType:
            torch.extend((self).w, lists[0])
            torch.extend((self).p, lists[1])
            return None
          def settle(self) -> Tensor:
            device = torch.device("%1$s")
            w = (self).w
            p = (self).p
            for i in range(torch.len(w)):
              if torch.ge(i, %2$s):
                w[i] = torch.to(w[i], device)
              else:
                pass
            for i in range(torch.len(p)):
              t = torch.requires_grad_(torch.to(torch.detach(p[i]), device), True)
              p[i] = t
              if torch.lt(i, %2$s):
                w[i] = t
              else:
                pass
              _0 = torch.append((self).g, torch.zeros_like(torch.detach(t), dtype=6))
            return torch.new_zeros(w[-1], [], dtype=6)
          def values(self) -> List[Tensor]:
            return (self).p
          def take_values(self, values: List[Tensor]) -> NoneType:
            for i in range(torch.len(values)):
              _0 = torch.copy_((self).p[i], values[i])
            return None
          def gradients(self) -> List[Tensor]:
            return (self).g
          def add_gradients(self, gradients: List[Tensor]) -> NoneType:
            for i in range(torch.len(gradients)):
              _0 = torch.add_((self).g[i], torch.to(gradients[i], (self).g[i]))
            return None
          def embedded(self) -> List[Tensor]:
            return (self).e
          def recall(self, tensors: List[Tensor]) -> NoneType:
            for i in range(torch.len(tensors)):
              _0 = torch.append((self).e, torch.to(tensors[i], (self).g[0]))
            return None
          def recall_alone(self, tensors: List[Tensor]) -> NoneType:
            torch.clear((self).e)
            return (self).recall(tensors)
          def attach(self) -> Tensor:
            self.training = True
            d = (self).d
            for i in range(torch.len(d)):
              d[i] = torch.clone(d[i])
            e = (self).embeddings((self).states())
            _0 = torch.append((self).h, e)
            _1 = torch.append((self).e, torch.detach(e))
            return torch.new_zeros(torch.detach(e), [], dtype=6)
          def attached_gradient(self) -> Tensor:
            e = torch.pop((self).h)
            _0 = (self).backpropagate(e, (self).gradient_of(e))
            return torch.new_zeros(torch.detach(e), [], dtype=6)
        """
        .formatted(device, adopted);
  }
}
