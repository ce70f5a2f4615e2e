/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Writes how training passes draw dropout. Every layer begins at seeds of its own, so that it can
 * be computed again alone. What seeds there are, {@code d[6]} tells, see {@link BatchInputs}:
 *
 * <ul>
 *   <li>not by text a single one, of libtorch's generator, which is one for the whole process;
 *   <li>by text, in this order: the seed of the pass, the number of the next draw, the next token
 *       whose attention is drawn, then an odd number for every token, which follows from the number
 *       of its text and its place there.
 * </ul>
 *
 * <p>By text a component is kept if the product of its token's number and of a random number of its
 * column, modulo 2^32, is below a threshold. An odd factor permutes the numbers modulo 2^32, so
 * that the components of a token are independent; and a mask is the same in any part of the batch,
 * on any thread and any device. The numbers of columns come from a generator made for the draw.
 */
record DropoutScript(TrainOptions options) {

  /** Numbers of the draws of one layer: seven linear layers have branches. */
  private static final int DRAWS = 64;

  /** Of those the number of attention's, which comes out of the order of the branches. */
  private static final int ATTENTION = 32;

  /** Methods of {@code class Decoder(Module)}: {@code seeded}, {@code dropped}, {@code branch}. */
  String text() {
    boolean byText = options.devices().dropoutByText();
    StringBuilder text = new StringBuilder();
    text.append(byText ? seededByText() : seeded());
    text.append(dropped(byText));
    if (options.trained() instanceof LoraOptions adapter) {
      text.append(branch(adapter, byText));
    }
    if (byText && options.attentionDropout() > 0) {
      text.append(attention(options.attentionDropout()));
    }
    return text.toString();
  }

  private String seeded() {
    return """
          def seeded(self, i: int) -> NoneType:
            %s
            return None
        """
        .formatted(
            options.drawsDropout()
                ? "torch.manual_seed(int(torch.select((self).d[6], 0, 0)) + i)"
                : "_0 = i");
  }

  private static String seededByText() {
    return """
          def seeded(self, i: int) -> NoneType:
            s = (self).d[6]
            _0 = torch.fill_(torch.select(s, 0, 1), i * %s)
            _1 = torch.fill_(torch.select(s, 0, 2), 0)
            return None
          def generator_of(self, number: int) -> Generator:
            s = (self).d[6]
            seed = int(torch.select(s, 0, 0)) + int(torch.select(s, 0, 1)) + number
            return torch.Generator(device=torch.device("cpu"), seed=seed)
          def rows(self, like: Tensor) -> Tensor:
            s = (self).d[6]
            r = torch.narrow(s, 0, 3, torch.size(s, 0) - 3)
            return torch.to(r, ops.prim.device(like), 3)
          def columns(self, like: Tensor, count: int, number: int) -> Tensor:
            c = torch.new_empty((self).d[6], [count], dtype=3)
            c = torch.random_(c, -2147483648, 2147483648, generator=(self).generator_of(number))
            return torch.to(c, ops.prim.device(like))
        """
        .formatted(DRAWS);
  }

  /** Whether a layer is left out, of all texts alike. */
  private String dropped(boolean byText) {
    String drawn =
        byText
            ? "torch.uniform_(torch.new_zeros((self).d[6], [], dtype=6), 0., 1., "
                + "generator=(self).generator_of(0))"
            : "torch.uniform_(torch.new_zeros(like, [], dtype=6), 0., 1.)";
    return """
          def dropped(self, like: Tensor) -> bool:
            if (self).training:
              out = %s
            else:
              out = False
            return out
        """
        .formatted(
            options.layerDrop() > 0
                ? "torch.lt(float(%s), %s)".formatted(drawn, options.layerDrop())
                : "False");
  }

  /** {@code scale * B A dropout(x)} in single precision, whatever the model computes in. */
  private static String branch(LoraOptions adapter, boolean byText) {
    if (!byText || adapter.dropout() == 0) {
      return """
            def branch(self, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
              x = torch.dropout(torch.to(x, 6), %s, (self).training)
              return torch.mul(torch.linear(torch.linear(x, a), b), %s)
          """
          .formatted(adapter.dropout(), adapter.scale());
    }
    double keep = 1 - adapter.dropout();
    return """
          def branch(self, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
            x = torch.to(x, 6)
            scale = %s
            if (self).training:
              scale = %s
              r = torch.unsqueeze((self).rows(x), 1)
              c = (self).columns(x, torch.size(x, 1), 1)
              _0 = torch.add_(torch.select((self).d[6], 0, 1), 1)
              x = torch.mul(x, torch.lt(torch.mul(r, c), %s))
            else:
              pass
            return torch.mul(torch.linear(torch.linear(x, a), b), scale)
        """
        .formatted(adapter.scale(), adapter.scale() / keep, threshold(keep));
  }

  /**
   * Of attention probabilities, (B, N, S, S): rows are the tokens that look, columns the heads and
   * places that are looked at, places first, so that shorter texts have the same.
   */
  private static String attention(double dropout) {
    double keep = 1 - dropout;
    return """
          def drop_attention(self, a: Tensor) -> Tensor:
            gather = (self).d[3]
            B = torch.size(a, 0)
            N = torch.size(a, 1)
            S = torch.size(a, 2)
            r = (self).rows(a)
            if torch.gt(torch.numel(gather), 0):
              r = torch.index_select(r, 0, gather)
            else:
              next = torch.select((self).d[6], 0, 2)
              r = torch.narrow(r, 0, int(next), B * S)
              _0 = torch.add_(next, B * S)
            c = torch.t(torch.view((self).columns(a, S * N, %s), [S, N]))
            x = torch.mul(torch.view(r, [B, 1, S, 1]), torch.unsqueeze(c, 1))
            return torch.mul(torch.mul(a, torch.lt(x, %s)), %s)
        """
        .formatted(ATTENTION, threshold(keep), 1 / keep);
  }

  /** What a uniformly random 32-bit number is below with a probability. */
  private static long threshold(double probability) {
    return Math.round(probability * 0x1p32) - (1L << 31);
  }
}
