/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.model.DType;
import io.github.llm2vec.model.DecoderSpec;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes the forward pass of a decoder as TorchScript text, specialised by its {@link DecoderSpec}.
 * This is the only place where the architecture is computed.
 *
 * <p>Linear layers run on the packed tokens of a batch, {@code (T, H)}, without padding; only
 * attention sees texts. It gets them in one of two ways:
 *
 * <ul>
 *   <li><b>grouped</b>: {@code groups} lists (texts, length) of consecutive texts of equal length,
 *       and every group is one call without a mask and without a padded position;
 *   <li><b>padded</b>: {@code gather (B*S)} lays the tokens out as rows, {@code mask (B, S)} tells
 *       the real ones and {@code scatter (T)} brings them back. One call for the whole batch, which
 *       suits a GPU.
 * </ul>
 *
 * <p>Every pooling mode is a weighted sum over tokens: {@code out[poolRow[p]] += poolWeight[p] *
 * h[poolToken[p]]} in single precision.
 */
final class DecoderScript {

  private final DecoderSpec spec;
  private final DType dtype;
  private final LinearKernel kernel;
  private final WeightLayout layout;
  private final LoraLayout lora;
  private final double attentionDropout;
  private int slot;

  DecoderScript(DecoderSpec spec, DType dtype, LinearKernel kernel, WeightLayout layout) {
    this.lora = LoraLayout.NONE;
    this.attentionDropout = 0;
    this.spec = spec;
    this.dtype = dtype;
    this.kernel = kernel;
    this.layout = layout;
  }

  /**
   * The forward pass for training: with low-rank branches, which read the attribute {@code p}, and
   * dropout of attention probabilities, both in effect while the attribute {@code training} is set.
   */
  DecoderScript(DecoderSpec spec, TrainOptions options, WeightLayout layout, LoraLayout lora) {
    this.lora = lora;
    this.attentionDropout = options.attentionDropout();
    this.spec = spec;
    this.dtype = options.dtype();
    this.kernel = LinearKernel.PLAIN;
    this.layout = layout;
  }

  /** PyTorch's number of a dtype. */
  static int torchType(DType dtype) {
    return switch (dtype) {
      case FLOAT16 -> 5;
      case FLOAT32 -> 6;
      case BFLOAT16 -> 15;
    };
  }

  /** The text of {@code class Decoder(Module)}. */
  String text() {
    return """
        class Decoder(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          w : List[Tensor]
        """
        + WeightScript.text()
        + body();
  }

  /** The methods of the forward pass. */
  String body() {
    return embed() + layer() + hidden() + encode() + rotate() + attend() + norm();
  }

  private String embed() {
    String scaled =
        spec.scaleEmbeddings()
            ? "torch.mul(x, " + roundToDType(Math.sqrt(spec.hiddenSize())) + ")"
            : "x";
    return """
          def embed(self, ids: Tensor) -> Tensor:
            x = torch.embedding((self).w[0], ids)
            return %s
        """
        .formatted(scaled);
  }

  private String layer() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
          def layer(self, x: Tensor, i: int, positions: Tensor, groups: List[int], \
        gather: Tensor, scatter: Tensor, mask: Tensor) -> Tensor:
            w = (self).w
        """);
    line(text, "ropes = " + perLayer(layout::ropeTable));
    line(text, "windows = " + perLayer(DecoderSpec.Layer::window));
    line(text, "b = 1 + i * " + layout.slotsPerLayer());
    if (!lora.isEmpty()) {
      line(text, "l = (self).p");
      line(text, "c = i * " + lora.tensorsPerLayer());
    }
    slot = 0;
    attentionBlock(text);
    mlpBlock(text);
    line(text, "return x");
    return text.toString();
  }

  private String hidden() {
    return """
          def last(self, x: Tensor) -> Tensor:
            return (self).norm(x, (self).w[%d])
          def hidden(self, ids: Tensor, positions: Tensor, groups: List[int], gather: Tensor, \
        scatter: Tensor, mask: Tensor) -> Tensor:
            x = (self).embed(ids)
            for i in range(%d):
              x = (self).layer(x, i, positions, groups, gather, scatter, mask)
            return (self).last(x)
        """
        .formatted(layout.finalNorm(), spec.layers().size());
  }

  private String encode() {
    return """
          def pool(self, h: Tensor, poolToken: Tensor, poolRow: Tensor, poolWeight: Tensor, \
        rows: int) -> Tensor:
            p = torch.to(torch.index_select(h, 0, poolToken), 6)
            p = torch.mul(p, torch.unsqueeze(poolWeight, 1))
            out = torch.new_zeros(p, [rows, %d])
            return torch.index_add(out, 0, poolRow, p)
          def encode(self, ids: Tensor, positions: Tensor, groups: List[int], gather: Tensor, \
        scatter: Tensor, mask: Tensor, poolToken: Tensor, poolRow: Tensor, poolWeight: Tensor, \
        rows: int) -> Tensor:
            h = (self).hidden(ids, positions, groups, gather, scatter, mask)
            return (self).pool(h, poolToken, poolRow, poolWeight, rows)
        """
        .formatted(spec.hiddenSize());
  }

  private void attentionBlock(StringBuilder text) {
    int heads = spec.heads();
    int kvHeads = spec.kvHeads();
    int turned = heads + kvHeads;
    line(text, "h = (self).norm(x, " + next() + ")");
    line(text, "qkv = " + adapted("h", next(), bias(spec.qkvBias()), "q_proj", "k_proj", "v_proj"));
    line(text, "qkv = torch.view(qkv, [-1, %d, %d])".formatted(turned + kvHeads, spec.headDim()));
    line(text, "s = torch.split_with_sizes(qkv, [%d, %d], 1)".formatted(turned, kvHeads));
    line(text, "qk = s[0]");
    if (spec.queryKeyNorm()) {
      line(text, "q = (self).norm(torch.narrow(qk, 1, 0, %d), %s)".formatted(heads, next()));
      line(
          text,
          "k = (self).norm(torch.narrow(qk, 1, %d, %d), %s)".formatted(heads, kvHeads, next()));
      line(text, "qk = torch.cat([q, k], 1)");
    }
    line(text, "qk = (self).rotate(qk, positions, w[ropes[i]], w[ropes[i] + 1])");
    line(text, "t = torch.split_with_sizes(qk, [%d, %d], 1)".formatted(heads, kvHeads));
    line(text, "a = (self).attend(t[0], t[1], s[1], groups, gather, scatter, mask, windows[i])");
    String weight = next();
    String bias = bias(spec.outputBias());
    if (spec.sandwichNorms()) {
      line(text, "a = " + adapted("a", weight, bias, "o_proj"));
      line(text, "x = torch.add(x, (self).norm(a, " + next() + "))");
    } else {
      line(text, "x = " + linearPlus("a", weight, bias, "o_proj"));
    }
  }

  private void mlpBlock(StringBuilder text) {
    line(text, "h = (self).norm(x, " + next() + ")");
    if (kernel == LinearKernel.PACKED) {
      String gate = next();
      String gateBias = bias(spec.mlpBias());
      line(text, "g = " + packed("h", gate, gateBias, packedActivation()));
      String up = next();
      String upBias = bias(spec.mlpBias());
      line(text, "h = " + packedBinary("h", "g", up, upBias, "mul"));
    } else {
      line(text, "g = " + adapted("h", next(), bias(spec.mlpBias()), "gate_proj", "up_proj"));
      line(
          text,
          "s = torch.split_with_sizes(g, [%1$d, %1$d], 1)".formatted(spec.intermediateSize()));
      line(text, "h = torch.mul(%s, s[1])".formatted(activation("s[0]")));
    }
    String weight = next();
    String bias = bias(spec.mlpBias());
    if (spec.sandwichNorms()) {
      line(text, "h = " + adapted("h", weight, bias, "down_proj"));
      line(text, "x = torch.add(x, (self).norm(h, " + next() + "))");
    } else {
      line(text, "x = " + linearPlus("h", weight, bias, "down_proj"));
    }
  }

  /** The half-split rotation of Hugging Face: pairs are (i, i + D/2). */
  private String rotate() {
    int half = spec.headDim() / 2;
    return """
          def rotate(self, x: Tensor, positions: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
            c = torch.unsqueeze(torch.index_select(cos, 0, positions), 1)
            s = torch.unsqueeze(torch.index_select(sin, 0, positions), 1)
            halves = torch.split_with_sizes(x, [%1$d, %1$d], 2)
            a = halves[0]
            b = halves[1]
            return torch.cat([torch.sub(torch.mul(a, c), torch.mul(b, s)), \
        torch.add(torch.mul(b, c), torch.mul(a, s))], 2)
        """
        .formatted(half);
  }

  private String attend() {
    int heads = spec.heads();
    int kvHeads = spec.kvHeads();
    int dim = spec.headDim();
    String causal = spec.causal() ? "True" : "False";
    return """
          def attend(self, q: Tensor, k: Tensor, v: Tensor, groups: List[int], gather: Tensor, \
        scatter: Tensor, mask: Tensor, window: int) -> Tensor:
            p = %10$s
            if torch.gt(torch.numel(mask), 0):
              B = torch.size(mask, 0)
              S = torch.size(mask, 1)
              bias = (self).bias(torch.view(mask, [B, 1, 1, S]), S, window, %6$s)
              q = torch.view(torch.index_select(q, 0, gather), [B, S, %1$d, %3$d])
              k = torch.view(torch.index_select(k, 0, gather), [B, S, %2$d, %3$d])
              v = torch.view(torch.index_select(v, 0, gather), [B, S, %2$d, %3$d])
              a = torch.scaled_dot_product_attention(torch.transpose(q, 1, 2), (self).spread(k), \
        (self).spread(v), bias, p, False, scale=%4$s)
              a = torch.reshape(torch.transpose(a, 1, 2), [-1, %5$d])
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
                gq = torch.transpose(torch.view(qs[g], [B, S, %1$d, %3$d]), 1, 2)
                gk = (self).spread(torch.view(ks[g], [B, S, %2$d, %3$d]))
                gv = (self).spread(torch.view(vs[g], [B, S, %2$d, %3$d]))
                if torch.__and__(torch.gt(window, 0), torch.gt(S, window)):
                  near = (self).bias(torch.new_ones(mask, [1, 1, 1, S]), S, window, %6$s)
                  a = torch.scaled_dot_product_attention(gq, gk, gv, near, p, False, scale=%4$s)
                else:
                  a = torch.scaled_dot_product_attention(gq, gk, gv, None, p, %6$s, scale=%4$s)
                _1 = torch.append(parts, torch.reshape(torch.transpose(a, 1, 2), [B * S, %5$d]))
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
            return torch.mul(torch.to(torch.logical_not(visible), %7$d), %8$s)
          def spread(self, x: Tensor) -> Tensor:
            x = torch.transpose(x, 1, 2)
        %9$s\
            return x
        """
        .formatted(
            heads,
            kvHeads,
            dim,
            spec.attentionScale(),
            heads * dim,
            causal,
            torchType(dtype),
            lowest(),
            heads == kvHeads
                ? ""
                : "    x = torch.repeat_interleave(x, " + heads / kvHeads + ", 1)\n",
            attentionDropout == 0 ? "0." : attentionDropout + " if (self).training else 0.");
  }

  /**
   * RMSNorm (Zhang and Sennrich, 2019), its statistics in single precision. Llama rounds to the
   * model's dtype before the weight is applied, Gemma after it.
   */
  private String norm() {
    int type = torchType(dtype);
    String apply =
        spec.onePlusNorm()
            ? "torch.to(torch.mul(y, torch.add(torch.to(weight, 6), 1.)), " + type + ")"
            : "torch.mul(torch.to(y, " + type + "), weight)";
    return """
          def norm(self, x: Tensor, weight: Tensor) -> Tensor:
            n = torch.linalg_vector_norm(x, 2, [-1], True, dtype=6)
            n = torch.div(torch.mul(n, n), torch.size(weight, 0))
            y = torch.mul(torch.to(x, 6), torch.rsqrt(torch.add(n, %s)))
            return %s
        """
        .formatted(spec.rmsNormEps(), apply);
  }

  private String linear(String x, String weight, String bias) {
    return kernel == LinearKernel.PACKED
        ? packed(x, weight, bias, "\"none\", annotate(List[Optional[number]], []), None")
        : "torch.linear(%s, %s, %s)".formatted(x, weight, bias);
  }

  /** A linear layer, made of {@code modules} side by side, with their low-rank branches. */
  private String adapted(String x, String weight, String bias, String... modules) {
    String base = linear(x, weight, bias);
    return lora.adapts(modules)
        ? "torch.to(torch.add(%s, %s), %d)"
            .formatted(base, lora.branches(x, modules), torchType(dtype))
        : base;
  }

  /** The residual stream {@code x} plus a linear layer. */
  private String linearPlus(String x, String weight, String bias, String module) {
    return kernel == LinearKernel.PACKED
        ? packedBinary(x, "x", weight, bias, "add")
        : "torch.add(x, " + adapted(x, weight, bias, module) + ")";
  }

  private static String packed(String x, String weight, String bias, String activation) {
    return "ops.mkldnn._linear_pointwise(%s, %s, %s, %s)".formatted(x, weight, bias, activation);
  }

  private static String packedBinary(
      String x, String other, String weight, String bias, String operation) {
    return "ops.mkldnn._linear_pointwise(%s, %s, %s, %s, \"%s\")"
        .formatted(x, other, weight, bias, operation);
  }

  private String packedActivation() {
    String none = "annotate(List[Optional[number]], [])";
    return switch (spec.activation()) {
      case SILU -> "\"swish\", " + none + ", None";
      case GELU -> "\"gelu\", " + none + ", \"none\"";
      case GELU_TANH -> "\"gelu\", " + none + ", \"tanh\"";
    };
  }

  private String activation(String x) {
    return switch (spec.activation()) {
      case SILU -> "torch.silu(" + x + ")";
      case GELU -> "torch.gelu(" + x + ", approximate=\"none\")";
      case GELU_TANH -> "torch.gelu(" + x + ", approximate=\"tanh\")";
    };
  }

  private String next() {
    String name = "w[b + " + slot + "]";
    slot++;
    return name;
  }

  private String bias(boolean present) {
    return present ? next() : "None";
  }

  private String perLayer(java.util.function.ToIntFunction<DecoderSpec.Layer> value) {
    List<DecoderSpec.Layer> layers = spec.layers();
    return layers.stream()
        .map(layer -> Integer.toString(value.applyAsInt(layer)))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  /**
   * The most negative finite number of the dtype: what the reference puts where nothing is seen.
   */
  private String lowest() {
    return switch (dtype) {
      case FLOAT16 -> "-65504.0";
      case FLOAT32 -> "-3.4028234663852886e38";
      case BFLOAT16 -> "-3.3895313892515355e38";
    };
  }

  private double roundToDType(double value) {
    return switch (dtype) {
      case FLOAT32 -> (float) value;
      case BFLOAT16 -> Rounding.toBFloat16((float) value);
      case FLOAT16 -> Rounding.toFloat16((float) value);
    };
  }

  private static void line(StringBuilder text, String line) {
    text.append("    ").append(line).append('\n');
  }
}
