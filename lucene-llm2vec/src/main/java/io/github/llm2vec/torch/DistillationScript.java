/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Writes {@link DistillationLoss} as methods of a training module. In its list {@code d} they read,
 * beside what is pooled: 12 the teacher's vectors, 13 the numbers of the loss, 14 and 15 the widths
 * and their weights.
 */
final class DistillationScript {

  private DistillationScript() {}

  /**
   * Methods of {@code class Decoder(Module)}.
   *
   * @param dense whether a linear layer follows the pooling, whose weight and bias are the last of
   *     what is trained
   */
  static String text(boolean dense) {
    return head(dense) + leaf(dense) + losses() + passes();
  }

  private static String head(boolean dense) {
    return dense
        ? """
          def projected(self, e: Tensor) -> Tensor:
            return torch.linear(torch.to(e, 6), (self).p[-2], (self).p[-1])
        """
        : """
          def projected(self, e: Tensor) -> Tensor:
            return e
        """;
  }

  /** The gradient of a loss for what it is computed from; that of the head is collected. */
  private static String leaf(boolean dense) {
    return dense
        ? """
          def leaf_gradient(self, loss: Tensor, leaf: Tensor) -> Tensor:
            p = (self).p
            n = torch.len(p) - 2
            grads = torch.grad([torch.mul(loss, (self).d[7])], [leaf, p[n], p[n + 1]])
            _0 = torch.add_((self).g[n], unchecked_cast(Tensor, grads[1]))
            _1 = torch.add_((self).g[n + 1], unchecked_cast(Tensor, grads[2]))
            return unchecked_cast(Tensor, grads[0])
        """
        : """
          def leaf_gradient(self, loss: Tensor, leaf: Tensor) -> Tensor:
            grads = torch.grad([torch.mul(loss, (self).d[7])], [leaf])
            return unchecked_cast(Tensor, grads[0])
        """;
  }

  private static String losses() {
    return """
          def unit_length(self, x: Tensor) -> Tensor:
            length = torch.linalg_vector_norm(x, 2, [-1], True, dtype=6)
            return torch.div(x, torch.clamp_min(length, 9.9999999999999998e-13))
          def number(self, i: int) -> float:
            return float(torch.select((self).d[13], 0, i))
          def agreement(self, s: Tensor, t: Tensor, n: int) -> Tensor:
            scale = (self).number(4)
            if torch.gt(n, 0):
              rest = torch.sub(torch.size(s, 0), n)
              x = torch.matmul(torch.narrow(s, 0, 0, n), torch.t(torch.narrow(s, 0, n, rest)))
              y = torch.matmul(torch.narrow(t, 0, 0, n), torch.t(torch.narrow(t, 0, n, rest)))
              x = torch.mul(x, scale)
              y = torch.mul(y, scale)
            else:
              own = torch.to(torch.diag(torch.new_ones(s, [torch.size(s, 0)], dtype=6)), 11)
              x = torch.mul(torch.matmul(s, torch.t(s)), scale)
              y = torch.mul(torch.matmul(t, torch.t(t)), scale)
              x = torch.masked_fill(x, own, -1.0e9)
              y = torch.masked_fill(y, own, -1.0e9)
            p = torch.log_softmax(y, 1)
            q = torch.log_softmax(x, 1)
            divergence = torch.sum(torch.mul(torch.exp(p), torch.sub(p, q)))
            return torch.div(divergence, torch.size(x, 0))
          def distilled_prefix(self, s: Tensor, t: Tensor, n: int) -> Tensor:
            loss = torch.new_zeros(s, [], dtype=6)
            u = (self).unit_length(s)
            if torch.gt((self).number(0), 0.):
              a = (self).unit_length(torch.narrow(t, 1, 0, torch.size(s, 1)))
              distance = torch.rsub(torch.mean(torch.sum(torch.mul(u, a), [1])), 1.)
              loss = torch.add(loss, torch.mul(distance, (self).number(0)))
            if torch.gt((self).number(1), 0.):
              b = torch.narrow(t, 1, 0, torch.size(s, 1))
              loss = torch.add(loss, torch.mul(torch.mse_loss(s, b), (self).number(1)))
            if torch.gt((self).number(2), 0.):
              apart = (self).agreement(u, (self).unit_length(t), n)
              loss = torch.add(loss, torch.mul(apart, (self).number(2)))
            if torch.gt((self).number(3), 0.):
              c = (self).unit_length(torch.narrow(t, 1, 0, torch.size(s, 1)))
              scores = torch.mul(torch.matmul(u, torch.t(c)), (self).number(5))
              ones = torch.new_ones(s, [torch.size(s, 0)], dtype=4)
              own = torch.sub(torch.cumsum(ones, 0), 1)
              entropy = torch.cross_entropy_loss(scores, own)
              loss = torch.add(loss, torch.mul(entropy, (self).number(3)))
            return loss
          def distilled(self, e: Tensor) -> Tensor:
            d = (self).d
            s = torch.to((self).projected(e), 6)
            n = int(torch.select(d[11], 0, 1))
            if torch.gt((self).number(6), 0.):
              s = (self).unit_length(s)
            loss = torch.new_zeros(s, [], dtype=6)
            for i in range(torch.size(d[14], 0)):
              k = int(torch.select(d[14], 0, i))
              part = (self).distilled_prefix(torch.narrow(s, 1, 0, k), d[12], n)
              loss = torch.add(loss, torch.mul(part, torch.select(d[15], 0, i)))
            return loss
        """;
  }

  private static String passes() {
    return """
          def distilled_gradient(self) -> Tensor:
            return (self).differentiate(3)
          def remembered_distilled_gradient(self) -> Tensor:
            e = torch.requires_grad_(torch.clone(torch.cat((self).e, 0)), True)
            loss = (self).distilled(e)
            grad = (self).leaf_gradient(loss, e)
            torch.clear((self).e)
            _0 = torch.append((self).e, grad)
            return torch.detach(loss)
          def projected_texts(self) -> Tensor:
            self.training = False
            return torch.to((self).projected((self).embeddings((self).states())), 6)
          def distilled_score(self) -> Tensor:
            self.training = False
            e = (self).embeddings((self).states())
            loss = (self).distilled(e)
            s = (self).unit_length(torch.to((self).projected(e), 6))
            t = (self).unit_length((self).d[12])
            cosine = torch.new_zeros(loss, [], dtype=6)
            if torch.eq(torch.size(s, 1), torch.size(t, 1)):
              cosine = torch.mean(torch.sum(torch.mul(s, t), [1]))
            return torch.stack([loss, cosine])
        """;
  }
}
