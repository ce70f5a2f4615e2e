/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;

/**
 * Writes the part of the forward pass in which tokens see each other: how queries and keys are
 * turned by their positions, and how values are mixed within a text. See {@link DecoderScript} for
 * the two ways in which a batch is laid out.
 *
 * @param spec the decoder
 * @param dtype of its weights
 * @param dropout of attention probabilities while the attribute {@code training} is set
 * @param dropoutByText whether {@link DropoutScript} draws it
 */
record AttentionScript(DecoderSpec spec, DType dtype, double dropout, boolean dropoutByText) {

  private static final String TRAINING_ONLY = " if (self).training else 0.";

  /** Methods of {@code class Decoder(Module)}: {@code rotate}, {@code attend} and their helpers. */
  String text() {
    return rotate() + attend();
  }

  /**
   * The half-split rotation of Hugging Face: pairs are (i, i + R/2), and what follows the first R
   * components stays.
   */
  private String rotate() {
    boolean partial =
        spec.layers().stream()
            .anyMatch(
                layer ->
                    !layer.rope().isNone()
                        && 2 * layer.rope().inverseFrequencies().size() < layer.headDim());
    return """
          def rotate(self, x: Tensor, positions: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
            c = torch.unsqueeze(torch.index_select(cos, 0, positions), 1)
            s = torch.unsqueeze(torch.index_select(sin, 0, positions), 1)
            n = torch.size(cos, 1)
            parts = torch.split_with_sizes(x, [n, n%s], 2)
            a = parts[0]
            b = parts[1]
            return torch.cat([torch.sub(torch.mul(a, c), torch.mul(b, s)), \
        torch.add(torch.mul(b, c), torch.mul(a, s))%s], 2)
        """
        .formatted(
            partial ? ", torch.sub(torch.size(x, 2), 2 * n)" : "", partial ? ", parts[2]" : "");
  }

  private String attend() {
    return """
          def attend(self, q: Tensor, k: Tensor, v: Tensor, groups: List[int], gather: Tensor, \
        scatter: Tensor, mask: Tensor, window: int) -> Tensor:
            N = torch.size(q, 1)
            K = torch.size(k, 1)
            D = torch.size(q, 2)
            if torch.gt(torch.numel(mask), 0):
              B = torch.size(mask, 0)
              S = torch.size(mask, 1)
              bias = (self).bias(torch.view(mask, [B, 1, 1, S]), S, window, %1$s)
              q = torch.view(torch.index_select(q, 0, gather), [B, S, N, D])
              k = torch.view(torch.index_select(k, 0, gather), [B, S, K, D])
              v = torch.view(torch.index_select(v, 0, gather), [B, S, K, D])
              a = (self).mixed(torch.transpose(q, 1, 2), (self).spread(k, N), (self).spread(v, N), \
        bias, False)
              a = torch.reshape(torch.transpose(a, 1, 2), [-1, N * D])
              out = torch.index_select(a, 0, scatter)
            else:
              parts = annotate(List[Tensor], [])
              sizes = annotate(List[int], [])
              for g in range(torch.floordiv(torch.len(groups), 2)):
                _0 = torch.append(sizes, groups[2 * g] * groups[2 * g + 1])
              qs = torch.split_with_sizes(q, sizes, 0)
              ks = torch.split_with_sizes(k, sizes, 0)
              vs = torch.split_with_sizes(v, sizes, 0)
              for g in range(torch.len(sizes)):
                B = groups[2 * g]
                S = groups[2 * g + 1]
                gq = torch.transpose(torch.view(qs[g], [B, S, N, D]), 1, 2)
                gk = (self).spread(torch.view(ks[g], [B, S, K, D]), N)
                gv = (self).spread(torch.view(vs[g], [B, S, K, D]), N)
                if torch.__and__(torch.gt(window, 0), torch.gt(S, window)):
                  near = (self).bias(torch.new_ones(mask, [1, 1, 1, S]), S, window, %1$s)
                  a = (self).mixed(gq, gk, gv, near, False)
                else:
                  a = (self).mixed(gq, gk, gv, None, %1$s)
                _1 = torch.append(parts, torch.reshape(torch.transpose(a, 1, 2), [B * S, N * D]))
              out = torch.cat(parts, 0)
            return out
          def bias(self, visible: Tensor, S: int, window: int, causal: bool) -> Tensor:
            if torch.__or__(causal, torch.gt(window, 0)):
              i = torch.arange(S, dtype=4, layout=None, device=ops.prim.device(visible))
              d = torch.sub(torch.unsqueeze(i, 1), torch.unsqueeze(i, 0))
              if torch.gt(window, 0):
                visible = torch.logical_and(visible, torch.lt(torch.abs(d), window))
              if causal:
                visible = torch.logical_and(visible, torch.ge(d, 0))
            return torch.mul(torch.to(torch.logical_not(visible), %2$s), %3$s)
          def spread(self, x: Tensor, heads: int) -> Tensor:
            x = torch.transpose(x, 1, 2)
            n = torch.floordiv(heads, torch.size(x, 1))
            if torch.gt(n, 1):
              x = torch.repeat_interleave(x, n, 1)
            else:
              pass
            return x
        %4$s\
        """
        .formatted(
            spec.causal() ? "True" : "False", DecoderScript.torchType(dtype), lowest(), mixed());
  }

  /** The sum of values weighted by scores, of one shape of queries, keys and values. */
  private String mixed() {
    double cap = spec.attention().softCap();
    boolean ownMasks = dropoutByText && dropout > 0;
    String head =
        """
          def mixed(self, q: Tensor, k: Tensor, v: Tensor, bias: Optional[Tensor], \
        causal: bool) -> Tensor:
            p = %s
        """
            .formatted(dropout == 0 ? "0." : dropout + TRAINING_ONLY);
    if (cap == 0 && !ownMasks) {
      return head
          + """
              return torch.scaled_dot_product_attention(q, k, v, bias, p, causal, scale=%s)
          """
              .formatted(spec.attention().scale());
    }
    // No fused kernel bounds the scores or takes masks, so that this is written out, as in the
    // reference.
    return head
        + "    a = torch.mul(torch.matmul(q, torch.transpose(k, 2, 3)), %s)\n"
            .formatted(spec.attention().scale())
        + (cap == 0
            ? ""
            : "    a = torch.mul(torch.tanh(torch.div(a, %1$s)), %1$s)\n".formatted(cap))
        + """
            if torch.__isnot__(bias, None):
              a = torch.add(a, unchecked_cast(Tensor, bias))
            else:
              if causal:
                S = torch.size(a, 2)
                seen = torch.new_ones(a, [1, 1, S, S], dtype=11)
                a = torch.add(a, (self).bias(seen, S, 0, True))
              else:
                pass
            a = torch.to(torch.softmax(a, -1, 6), %s)
            if torch.gt(p, 0.):
              a = %s
            else:
              pass
            return torch.matmul(a, v)
        """
            .formatted(
                DecoderScript.torchType(dtype),
                ownMasks ? "(self).drop_attention(a)" : "torch.dropout(a, p, True)");
  }

  /**
   * The most negative finite number of the dtype: what the reference puts where nothing is seen.
   */
  private String lowest() {
    return switch (dtype) {
      case FLOAT16 -> "-65504.0";
      case FLOAT32, INT8, INT4 -> "-3.4028234663852886e38";
      case BFLOAT16 -> "-3.3895313892515355e38";
    };
  }
}
