/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.HalfFloats;
import java.util.Arrays;
import java.util.function.ToIntFunction;

/**
 * Writes the forward pass of a decoder as TorchScript text, specialised by its {@link DecoderSpec}.
 * This, with {@link AttentionScript}, is the only place where the architecture is computed.
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
  private final LinearScript linear;
  private final WeightLayout layout;
  private final LoraLayout lora;
  private final double attentionDropout;
  private final boolean dropoutByText;
  private final AdapterLayout adapters;
  private int slot;
  private boolean besideAdapters;

  /**
   * The forward pass for inference, twice: of the weights alone, and with low-rank adapters beside
   * them that are given with each call.
   */
  DecoderScript(DecoderSpec spec, DType dtype, LinearKernel kernel, WeightLayout layout) {
    this.adapters = new AdapterLayout(spec);
    this.lora = LoraLayout.NONE;
    this.attentionDropout = 0;
    this.dropoutByText = false;
    this.spec = spec;
    this.dtype = kernel.computesIn(dtype);
    this.kernel = kernel;
    this.linear = new LinearScript(kernel, spec.activation());
    this.layout = layout;
  }

  /**
   * The forward pass for training: with low-rank branches, which read the attribute {@code p}, and
   * dropout of attention probabilities, both in effect while the attribute {@code training} is set.
   */
  DecoderScript(DecoderSpec spec, TrainOptions options, WeightLayout layout, LoraLayout lora) {
    this.lora = lora;
    this.adapters = AdapterLayout.NONE;
    this.attentionDropout = options.attentionDropout();
    this.dropoutByText = options.devices().dropoutByText();
    this.spec = spec;
    this.dtype = options.dtype();
    this.kernel = LinearKernel.PLAIN;
    this.linear = new LinearScript(kernel, spec.activation());
    this.layout = layout;
  }

  /** PyTorch's number of a dtype. */
  static int torchType(DType dtype) {
    return switch (dtype) {
      case FLOAT16 -> 5;
      case FLOAT32 -> 6;
      case INT8, INT4 ->
          throw new IllegalArgumentException(dtype.configName() + " is no type to compute in");
      case BFLOAT16 -> 15;
    };
  }

  /** The text of {@code class Decoder(Module)}. */
  String text() {
    return weightsAlone(kernel) + body();
  }

  /** The same without the forward pass. */
  static String weightsAlone(LinearKernel kernel) {
    return """
        class Decoder(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          w : List[Tensor]
        """
        + FbgemmScript.attributes(kernel)
        + Int4Script.attributes(kernel)
        + WeightScript.text()
        + FbgemmScript.text(kernel)
        + Int4Script.text(kernel);
  }

  /** The methods of the forward pass. */
  String body() {
    String plain = layer();
    // Before anything else takes a slot: it reads those that the layer has left.
    String perLayer = spec.perLayerSize() > 0 ? perLayerEmbeddings() : "";
    return embed()
        + plain
        + perLayer
        + hidden()
        + encode()
        + (adapters.isEmpty() ? "" : besideAdapters())
        + new AttentionScript(spec, dtype, attentionDropout, dropoutByText).text()
        + norm();
  }

  private String embed() {
    String scaled =
        spec.embeddingScale() == 1
            ? "x"
            : "torch.mul(x, " + roundToDType(spec.embeddingScale()) + ")";
    return """
          def embed(self, ids: Tensor) -> Tensor:
            x = torch.to(torch.embedding((self).w[0], ids), %s)
            return %s
        """
        .formatted(torchType(dtype), scaled);
  }

  /** The same forward pass with adapters, and what adds one. */
  private String besideAdapters() {
    besideAdapters = true;
    String text = layer() + hidden() + encode() + AdapterLayout.script(torchType(dtype));
    besideAdapters = false;
    return text;
  }

  /** End of the name of a method, and what it takes and hands on, with or without adapters. */
  private String suffix() {
    return besideAdapters ? "WithAdapters" : "";
  }

  private String parameters() {
    return besideAdapters ? ", adapters: List[List[Tensor]], segments: List[int]" : "";
  }

  private String arguments() {
    return besideAdapters ? ", adapters, segments" : "";
  }

  private String layer() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
          def layer%s(self, x: Tensor, i: int, positions: Tensor, groups: List[int], \
        gather: Tensor, scatter: Tensor, mask: Tensor%s) -> Tensor:
            %s
        """
            .formatted(suffix(), parameters(), linear.lists()));
    line(text, "rope = " + perLayer(layout::ropeTable));
    line(text, "window = " + perLayer(DecoderSpec.Layer::window));
    line(text, "D = " + perLayer(DecoderSpec.Layer::headDim));
    line(text, "K = " + perLayer(DecoderSpec.Layer::kvHeads));
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

  /**
   * EmbeddingGemma 2: a third block of every layer adds a gated projection of the embeddings, then
   * the layer's output is scaled. Its weights follow those that {@link #layer} reads.
   */
  private String perLayerEmbeddings() {
    String gate = linear.product("x", next(), "None");
    String projection = linear.product("h", next(), "None");
    String block =
        """
          def perLayer(self, x: Tensor) -> Tensor:
            e = torch.mul(%s, %s)
            e = torch.view(e, [-1, %s, %s])
            return (self).norm(e, (self).w[%s])
          def mix(self, x: Tensor, e: Tensor, i: int) -> Tensor:
            %s
            b = 1 + i * %s
            h = %s
            h = torch.mul(%s, torch.select(e, 1, i))
            h = %s
            x = torch.add(x, (self).norm(h, %s))
            return torch.mul(x, %s)
        """;
    int global = layout.finalNorm() + 1;
    return block.formatted(
        linear.product("x", "(self).w[" + global + "]", "None"),
        1 / Math.sqrt(spec.hiddenSize()),
        spec.layers().size(),
        spec.perLayerSize(),
        global + 1,
        linear.lists(),
        layout.slotsPerLayer(),
        gate,
        linear.activation("h"),
        projection,
        next(),
        next());
  }

  private String hidden() {
    boolean perLayer = spec.perLayerSize() > 0;
    String projection = "(self).w[" + (layout.finalNorm() + 3) + "]";
    String last =
        """
          def last(self, x: Tensor) -> Tensor:
            h = (self).norm(x, (self).w[%s])
            return %s
        """
            .formatted(
                layout.finalNorm(), perLayer ? linear.product("h", projection, "None") : "h");
    return (besideAdapters ? "" : last)
        + """
          def hidden%s(self, ids: Tensor, positions: Tensor, groups: List[int], gather: Tensor, \
        scatter: Tensor, mask: Tensor%s) -> Tensor:
            x = (self).embed(ids)
        %s\
            for i in range(%s):
              x = (self).layer%s(x, i, positions, groups, gather, scatter, mask%s)
        %s\
            return (self).last(x)
        """
            .formatted(
                suffix(),
                parameters(),
                perLayer ? "    e = (self).perLayer(x)\n" : "",
                spec.layers().size(),
                suffix(),
                arguments(),
                perLayer ? "      x = (self).mix(x, e, i)\n" : "");
  }

  private String encode() {
    String pool =
        """
          def pool(self, h: Tensor, poolToken: Tensor, poolRow: Tensor, poolWeight: Tensor, \
        rows: int) -> Tensor:
            p = torch.to(torch.index_select(h, 0, poolToken), 6)
            p = torch.mul(p, torch.unsqueeze(poolWeight, 1))
            out = torch.new_zeros(p, [rows, %s])
            return torch.index_add(out, 0, poolRow, p)
        """
            .formatted(spec.outputSize());
    return (besideAdapters ? "" : pool)
        + """
          def encode%s(self, ids: Tensor, positions: Tensor, groups: List[int], gather: Tensor, \
        scatter: Tensor, mask: Tensor, poolToken: Tensor, poolRow: Tensor, poolWeight: Tensor, \
        rows: int%s) -> Tensor:
            h = (self).hidden%s(ids, positions, groups, gather, scatter, mask%s)
            return (self).pool(h, poolToken, poolRow, poolWeight, rows)
        """
            .formatted(suffix(), parameters(), suffix(), arguments());
  }

  private void attentionBlock(StringBuilder text) {
    DecoderSpec.Attention attention = spec.attention();
    int heads = attention.heads();
    String x = normed(text, spec.norms().before());
    String weight = next();
    String bias = bias(attention.qkvBias());
    line(
        text,
        "qkv = "
            + (spec.fusedProjections()
                ? adapted(x, weight, bias, "qkv_proj")
                : adapted(x, weight, bias, "q_proj", "k_proj", "v_proj")));
    if (spec.fusedProjections()) {
      adapt(text, "qkv", x, "qkv_proj", "0");
    } else {
      adapt(text, "qkv", x, "q_proj", "0");
      adapt(text, "qkv", x, "k_proj", heads + " * D");
      adapt(text, "qkv", x, "v_proj", heads + " * D + K * D");
    }
    switch (attention.queryKeyNorm()) {
      case NONE -> heads(text, heads);
      case PER_HEAD -> {
        heads(text, heads);
        line(text, "q = (self).norm(torch.narrow(qk, 1, 0, %s), %s)".formatted(heads, next()));
        line(text, "k = (self).norm(torch.narrow(qk, 1, %s, K), %s)".formatted(heads, next()));
        line(text, "qk = torch.cat([q, k], 1)");
      }
      case WHOLE -> {
        line(text, "s = torch.split_with_sizes(qkv, [%s * D, K * D, K * D], 1)".formatted(heads));
        line(text, "q = (self).norm(s[0], %s)".formatted(next()));
        line(text, "k = (self).norm(s[1], %s)".formatted(next()));
        line(text, "qk = torch.view(torch.cat([q, k], 1), [-1, %s + K, D])".formatted(heads));
        line(text, "v = torch.view(s[2], [-1, K, D])");
      }
    }
    if (attention.valueNorm()) {
      line(text, "v = (self).unit(v)");
    }
    turn(text, heads);
    line(text, "a = (self).attend(q, t[1], v, groups, gather, scatter, mask, window)");
    added(text, "a", next(), bias(attention.outputBias()), "o_proj");
  }

  /** Splits into query and key heads, which are turned together, and value heads. */
  private static void heads(StringBuilder text, int heads) {
    line(text, "qkv = torch.view(qkv, [-1, %s + 2 * K, D])".formatted(heads));
    line(text, "s = torch.split_with_sizes(qkv, [%s + K, K], 1)".formatted(heads));
    line(text, "qk = s[0]");
    line(text, "v = s[1]");
  }

  private void turn(StringBuilder text, int heads) {
    String turned = "qk = (self).rotate(qk, positions, w[rope], w[rope + 1])";
    if (spec.layers().stream().anyMatch(layer -> layer.rope().isNone())) {
      line(text, "if torch.ge(rope, 0):");
      line(text, "  " + turned);
      line(text, "else:");
      line(text, "  pass");
    } else {
      line(text, turned);
    }
    line(text, "t = torch.split_with_sizes(qk, [%s, K], 1)".formatted(heads));
    line(text, "q = t[0]");
    if (spec.layers().stream().anyMatch(layer -> layer.rope().queryScaleBeta() != 0)) {
      line(text, "scales = torch.index_select(w[rope + 2], 0, positions)");
      line(text, "q = torch.mul(q, torch.view(scales, [-1, 1, 1]))");
    }
  }

  private void mlpBlock(StringBuilder text) {
    String x = normed(text, spec.norms().before());
    if (kernel == LinearKernel.PACKED) {
      String gate = next();
      String gateBias = bias(spec.mlpBias());
      String up = next();
      String upBias = bias(spec.mlpBias());
      if (besideAdapters) {
        // An adapter is added before the activation, so that the kernel cannot apply it.
        line(text, "g = " + linear.product(x, gate, gateBias));
        adapt(text, "g", x, AdapterLayout.GATE, "0");
        line(text, "u = " + linear.product(x, up, upBias));
        adapt(text, "u", x, AdapterLayout.UP, "0");
        line(text, "h = torch.mul(%s, u)".formatted(linear.activation("g")));
      } else {
        line(text, "g = " + linear.packedActivation(x, gate, gateBias));
        line(text, "h = " + linear.packedBinary(x, "g", up, upBias, "mul"));
      }
    } else {
      String weight = next();
      String bias = bias(spec.mlpBias());
      line(
          text,
          "g = "
              + (spec.fusedProjections()
                  ? adapted(x, weight, bias, "gate_up_proj")
                  : adapted(x, weight, bias, "gate_proj", "up_proj")));
      adapt(text, "g", x, AdapterLayout.GATE, "0");
      adapt(text, "g", x, AdapterLayout.UP, Integer.toString(spec.intermediateSize()));
      line(
          text,
          "s = torch.split_with_sizes(g, [%1$s, %1$s], 1)".formatted(spec.intermediateSize()));
      line(text, "h = torch.mul(%s, s[1])".formatted(linear.activation("s[0]")));
    }
    added(text, "h", next(), bias(spec.mlpBias()), "down_proj");
  }

  /** What a block reads: the residual stream or its norm. */
  private String normed(StringBuilder text, boolean norm) {
    if (!norm) {
      return "x";
    }
    line(text, "h = (self).norm(x, " + next() + ")");
    return "h";
  }

  /** Adds a block's last linear layer to the residual stream, normed or scaled where it must be. */
  private void added(StringBuilder text, String y, String weight, String bias, String module) {
    if (!spec.norms().after() && spec.residualScale() == 1) {
      line(text, "x = " + linearPlus(y, weight, bias, module));
      adapt(text, "x", y, module, "0");
      return;
    }
    line(text, "y = " + adapted(y, weight, bias, module));
    adapt(text, "y", y, module, "0");
    if (spec.norms().after()) {
      line(text, "y = (self).norm(y, " + next() + ")");
    }
    if (spec.residualScale() != 1) {
      line(text, "y = torch.mul(y, " + spec.residualScale() + ")");
    }
    line(text, "x = torch.add(x, y)");
  }

  /**
   * RMSNorm (Zhang and Sennrich, 2019), its statistics in single precision. Llama rounds to the
   * model's dtype before the weight is applied, Gemma and OLMo after it.
   */
  private String norm() {
    int type = torchType(dtype);
    String apply =
        switch (spec.norms().weight()) {
          case ROUNDED_FIRST -> "torch.mul(torch.to(y, " + type + "), weight)";
          case SINGLE -> "torch.to(torch.mul(y, torch.to(weight, 6)), " + type + ")";
          case ONE_PLUS ->
              "torch.to(torch.mul(y, torch.add(torch.to(weight, 6), 1.)), " + type + ")";
        };
    return """
          def scaled(self, x: Tensor) -> Tensor:
            n = torch.linalg_vector_norm(x, 2, [-1], True, dtype=6)
            n = torch.div(torch.mul(n, n), torch.size(x, -1))
            return torch.mul(torch.to(x, 6), torch.rsqrt(torch.add(n, %1$s)))
          def unit(self, x: Tensor) -> Tensor:
            return torch.to((self).scaled(x), %2$s)
          def norm(self, x: Tensor, weight: Tensor) -> Tensor:
            y = (self).scaled(x)
            return %3$s
        """
        .formatted(spec.norms().eps(), type, apply);
  }

  /** A linear layer, made of {@code modules} side by side, with their low-rank branches. */
  private String adapted(String x, String weight, String bias, String... modules) {
    String base = linear.product(x, weight, bias);
    return lora.adapts(modules)
        ? "torch.to(torch.add(%s, %s), %s)"
            .formatted(base, lora.branches(x, modules), torchType(dtype))
        : base;
  }

  /**
   * Adds the adapters' products to what a linear layer has just given.
   *
   * @param y the result, from a column on
   * @param x the layer's input
   */
  private void adapt(StringBuilder text, String y, String x, String target, String column) {
    if (besideAdapters) {
      line(
          text,
          "%s = (self).adapt(%s, %s, adapters, segments, i * %s + %s, %s)"
              .formatted(y, y, x, adapters.targetsPerLayer(), adapters.index(target), column));
    }
  }

  /** The residual stream {@code x} plus a linear layer. */
  private String linearPlus(String x, String weight, String bias, String module) {
    return kernel == LinearKernel.PACKED
        ? linear.packedBinary(x, "x", weight, bias, "add")
        : "torch.add(x, " + adapted(x, weight, bias, module) + ")";
  }

  private String next() {
    String name = "w[b + " + slot + "]";
    slot++;
    return name;
  }

  private String bias(boolean present) {
    return present ? next() : "None";
  }

  /** What a layer has of its own: a number if all have the same, else looked up by the index. */
  private String perLayer(ToIntFunction<DecoderSpec.Layer> value) {
    int[] values = spec.layers().stream().mapToInt(value).toArray();
    if (Arrays.stream(values).distinct().count() == 1) {
      return Integer.toString(values[0]);
    }
    return Arrays.toString(values) + "[i]";
  }

  private double roundToDType(double value) {
    return switch (dtype) {
      case FLOAT32, INT8, INT4 -> (float) value;
      case BFLOAT16 -> HalfFloats.fromBfloat16(HalfFloats.toBfloat16((float) value));
      case FLOAT16 -> HalfFloats.fromFloat16(HalfFloats.toFloat16((float) value));
    };
  }

  private static void line(StringBuilder text, String line) {
    text.append("    ").append(line).append('\n');
  }
}
