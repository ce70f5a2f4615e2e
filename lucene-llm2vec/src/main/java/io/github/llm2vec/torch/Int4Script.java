/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.safetensors.DType;
import java.util.List;

/**
 * Writes linear layers on 4-bit weights: groups of 32 consecutive weights of a row share a scale
 * and a middle, {@code W[n, k] = scale * (code[n, k] - 8) + middle} with codes from 0 to 15 and
 * both in bfloat16, 5 bits a weight in all. It is the format of libtorch's {@code
 * _weight_int4pack_mm_for_cpu}.
 *
 * <p>A group's range begins as that of its weights; three times then codes are rounded and the line
 * through them is fitted by least squares. On normally distributed weights that leaves 13 % less
 * squared error than the range alone.
 *
 * <p>Groups whose weights are evenly spaced already, as those that were 4 bits before are (GGUF's
 * Q4_0, Q4_1, Q4_K), keep their codes. A fit that begins with the range would miss a spacing of
 * which a group happens to use fewer than 16 values. One row tells whether it is looked for.
 *
 * <p>That kernel widens the weights for every few rows anew, so it is for few rows alone. For many
 * rows they are widened once per call, some hundred rows of the weight at a time, and multiplied in
 * single precision or in bfloat16. The widening is done by FBGEMM's decoder of 4-bit embeddings,
 * with one scale of 1 for everything; libtorch's elementwise operators take five times as long. The
 * kernel's layout is that of the processor: per 64 (AVX-512) or 32 rows of the weight and for each
 * column, bytes of which byte {@code i} holds the codes of the rows {@code i} and {@code i + half}.
 */
final class Int4Script {

  /** The attribute of the module that holds scales and middles, beside the codes in {@code w}. */
  static final String RANGES = "ranges";

  /** Weights of a group. */
  private static final int GROUP = 32;

  /** Rows of a block of the kernel; weights with other numbers of rows are not packed. */
  private static final int ROWS = 64;

  /** Up to so many rows of activations the kernel is the faster way. */
  static final int FEW = 40;

  /** Largest number of weights that are packed or widened at a time, for the sake of caches. */
  private static final int AT_ONCE = 1 << 20;

  private static final String KEEP =
      """
        def codes(self, m: Tensor, low: Tensor, scale: Tensor) -> Tensor:
          q = torch.div(torch.sub(m, low), torch.clamp_min(scale, 1.0e-20))
          return torch.clamp_(torch.round_(q), 0, 15)
        def spaced(self, m: Tensor, low: Tensor, width: Tensor) -> Tensor:
          found = torch.zeros_like(width)
          for i in range(8):
            step = torch.div(width, torch.sub(15, i))
            q = torch.div(torch.sub(m, low), torch.clamp_min(step, 1.0e-20))
            off = torch.amax(torch.abs(torch.sub(q, torch.round(q))), [2], True)
            found = torch.where(torch.lt(off, 0.01), step, found)
          return found
        def pack4(self, m: Tensor, packed: Tensor, scales: Tensor) -> NoneType:
          lowest = torch.amin(m, [2], True)
          width = torch.sub(torch.amax(m, [2], True), lowest)
          low = lowest
          scale = torch.div(width, 15.)
          for i in range(3):
            q = (self).codes(m, low, scale)
            middle = torch.mean(q, [2], True)
            d = torch.sub(q, middle)
            spread = torch.clamp_min(torch.sum(torch.mul(d, d), [2], True), 1.0e-9)
            scale = torch.div(torch.sum(torch.mul(d, m), [2], True), spread)
            low = torch.sub(torch.mean(m, [2], True), torch.mul(middle, scale))
          first = torch.narrow(width, 0, 0, 1)
          first = (self).spaced(torch.narrow(m, 0, 0, 1), torch.narrow(lowest, 0, 0, 1), first)
          if bool(torch.any(torch.gt(first, 0.))):
            step = (self).spaced(m, lowest, width)
            scale = torch.where(torch.gt(step, 0.), step, scale)
            low = torch.where(torch.gt(step, 0.), lowest, low)
          else:
            pass
          scale = torch.to(torch.to(torch.clamp_min(scale, 1.0e-20), 15), 6)
          middle = torch.to(torch.to(torch.add(low, torch.mul(scale, 8.)), 15), 6)
          q = (self).codes(m, torch.sub(middle, torch.mul(scale, 8.)), scale)
          q = torch.reshape(torch.to(q, 3), [torch.size(m, 0), -1])
          _0 = torch.copy_(packed, torch._convert_weight_to_int4pack_for_cpu(q, 2))
          _1 = torch.copy_(scales, torch.transpose(torch.cat([scale, middle], 2), 0, 1))
          return None
        def keep(self, index: int) -> NoneType:
          w = (self).w
          s = (self).ranges
          x = w[index]
          n = torch.size(x, 0)
          k = torch.size(x, 1)
          for i in range(torch.sub(torch.add(index, 1), torch.len(s))):
            _0 = torch.append(s, torch.new_empty(x, [0]))
          if torch.eq(torch.add(torch.remainder(n, ROWS), torch.remainder(k, GROUP)), 0):
            packed = torch.new_empty(x, [n, torch.floordiv(k, 2)], dtype=0)
            scales = torch.new_empty(x, [torch.floordiv(k, GROUP), n, 2], dtype=15)
            step = ops.prim.max(torch.floordiv(torch.floordiv(AT_ONCE, k), ROWS), 1) * ROWS
            for i in range(torch.floordiv(torch.sub(torch.add(n, step), 1), step)):
              rows = ops.prim.min(step, torch.sub(n, i * step))
              m = torch.view(torch.narrow(x, 0, i * step, rows), [rows, -1, GROUP])
              part = torch.narrow(packed, 0, i * step, rows)
              (self).pack4(m, part, torch.narrow(scales, 1, i * step, rows))
            w[index] = packed
            s[index] = scales
          else:
            pass
          return None
      """
          .replace("ROWS", Integer.toString(ROWS))
          .replace("GROUP", Integer.toString(GROUP))
          .replace("AT_ONCE", Integer.toString(AT_ONCE));

  private static final String PRODUCT =
      """
        def product(self, x: Tensor, weight: Tensor, scales: Tensor) -> Tensor:
          if torch.eq(torch.numel(scales), 0):
            y = torch.linear(x, weight, None)
          else:
            if torch.le(torch.size(x, 0), FEW):
              x = torch.to(x, 15)
              y = torch._weight_int4pack_mm_for_cpu(x, weight, GROUP, scales)
            else:
              y = (self).widened(torch.to(x, TYPE), weight, scales)
          return torch.to(y, 6)
        def half(self, like: Tensor) -> int:
          last = torch.mul(torch.ge(torch.arange(64, dtype=3), 32), 15)
          last = torch.to(torch.expand(torch.unsqueeze(last, 1), [64, 2]), 3)
          packed = torch._convert_weight_to_int4pack_for_cpu(torch.contiguous(last), 2)
          wide = torch.eq(int(torch.view(packed, [-1])[0]), 240)
          return 32 if wide else 16
        def turned(self, x: Tensor, half: int) -> Tensor:
          x = torch.permute(torch.reshape(torch.to(x, 6), [torch.size(x, 0), -1, 2, half]), [1, 0, 3, 2])
          return torch.reshape(x, [torch.size(x, 0), torch.size(x, 1), 1, 2 * half])
        def widened(self, x: Tensor, weight: Tensor, scales: Tensor) -> Tensor:
          k = torch.size(x, 1)
          half = (self).half(x)
          w = torch.view(weight, [-1, half * k])
          scale = (self).turned(torch.select(scales, 2, 0), half)
          middle = (self).turned(torch.select(scales, 2, 1), half)
          end = torch.new_zeros(weight, [1, 4])
          _0 = torch.fill_(torch.narrow(end, 1, 1, 1), 60)
          _1 = torch.fill_(torch.narrow(end, 1, 3, 1), 200)
          n = torch.size(w, 0)
          step = ops.prim.min(torch.floordiv(AT_ONCE, 2 * half * k), torch.floordiv(128, half))
          step = ops.prim.max(step, 2)
          out = torch.new_empty(x, [torch.size(x, 0), torch.size(weight, 0)])
          for i in range(torch.floordiv(torch.sub(torch.add(n, step), 1), step)):
            b = ops.prim.min(step, torch.sub(n, i * step))
            q = torch.cat([torch.narrow(w, 0, i * step, b), torch.expand(end, [b, 4])], 1)
            m = ops.quantized.embedding_bag_4bit_unpack(q)
            m = torch.view(m, [b, -1, GROUP, 2 * half])
            low = torch.narrow(middle, 0, i * step, b)
            m = torch.addcmul(low, m, torch.narrow(scale, 0, i * step, b))
            c = torch.new_empty(x, [k, b, 2 * half])
            _2 = torch.copy_(c, torch.transpose(torch.view(m, [b, k, 2 * half]), 0, 1))
            y = torch.matmul(x, torch.view(c, [k, b * 2 * half]))
            y = torch.transpose(torch.view(y, [-1, b, half, 2]), 2, 3)
            part = torch.narrow(out, 1, i * step * 2 * half, b * 2 * half)
            _3 = torch.copy_(torch.view(part, [-1, b, 2, half]), y)
          return out
      """
          .replace("GROUP", Integer.toString(GROUP))
          .replace("FEW", Integer.toString(FEW))
          .replace("AT_ONCE", Integer.toString(AT_ONCE));

  private Int4Script() {}

  /**
   * Methods of {@code class Decoder(Module)}: {@code keep} packs the weight with an index, {@code
   * product} multiplies with one. A weight whose rows are no multiple of 64 or whose columns are
   * none of 32 stays in single precision.
   */
  static String text(LinearKernel kernel) {
    int type = DecoderScript.torchType(bfloat16(kernel) ? DType.BFLOAT16 : DType.FLOAT32);
    return kernel.int4() ? KEEP + PRODUCT.replace("TYPE", Integer.toString(type)) : "";
  }

  private static boolean bfloat16(LinearKernel kernel) {
    return kernel == LinearKernel.INT4_BFLOAT16;
  }

  static String attributes(LinearKernel kernel) {
    return kernel.int4() ? "  ranges : List[Tensor]\n" : "";
  }

  /** A linear layer; the weight is named as it is in {@code w}. */
  static String product(String x, String weight) {
    String ranges = weight.replaceFirst("w\\[", RANGES + "[");
    return "(self).product(%s, %s, %s)".formatted(x, weight, ranges);
  }

  /** Attributes of the module that are lists of tensors. */
  static List<String> lists(LinearKernel kernel) {
    return kernel.int4() ? List.of("w", RANGES) : List.of("w");
  }
}
