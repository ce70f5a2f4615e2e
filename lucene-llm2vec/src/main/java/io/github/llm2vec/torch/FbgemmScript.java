/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.List;

/**
 * Writes linear layers on weights that FBGEMM keeps: in 16 bits, or in 8.
 *
 * <p>8 bits: {@code W[n, k] = row[n] * column[k] * code[n, k]} with codes from -127 to 127. {@code
 * column[k]} is the square root of the column's norm, so that a column of small weights keeps its
 * digits beside a large one, and {@code row[n]} is the largest of the row thus scaled, by 127. The
 * activations of a token, times {@code column}, are rounded to two halves of 7 bits, {@code x =
 * scale * (high + low / 126)}, which go through the integer product as two rows: one pass over the
 * weights with activations of about 14 bits. 7 bits, because processors without VNNI saturate at
 * sums of 8-bit products.
 *
 * <p>FBGEMM rounds activations to what it finds between their smallest and largest. A last row from
 * -64 to 63 makes that the integers themselves.
 */
final class FbgemmScript {

  /** Attributes of the module that hold packed weights, beside the tensors in {@code w}. */
  static final List<String> LISTS = List.of("kept");

  /** The TorchScript type of a packed weight. */
  static final String PACKED = "__torch__.torch.classes.quantized.LinearPackedParamsBase";

  private static final String HALF =
      """
        def keep(self, index: int) -> NoneType:
          w = (self).w
          (self).place(index, ops.quantized.linear_prepack_fp16(w[index], None))
          w[index] = torch.new_empty(w[index], [0])
          return None
        def product(self, x: Tensor, columns: Tensor, packed: TYPE) -> Tensor:
          return ops.quantized.linear_dynamic_fp16(x, packed)
      """;

  private static final String INT8 =
      """
        def keep(self, index: int) -> NoneType:
          w = (self).w
          x = w[index]
          columns = torch.new_zeros(x, [torch.size(x, 1)])
          for i in range(torch.floordiv(torch.size(x, 0) + 255, 256)):
            part = torch.narrow(x, 0, i * 256, ops.prim.min(256, torch.size(x, 0) - i * 256))
            _1 = torch.add_(columns, torch.sum(torch.mul(part, part), [0]))
          columns = torch.add(torch.pow(columns, 0.25), 1.0e-12)
          columns = torch.div(columns, torch.mean(columns))
          _0 = torch.div_(x, columns)
          largest = torch.maximum(torch.amax(x, [1]), torch.neg(torch.amin(x, [1])))
          rows = torch.clamp_min(torch.div(torch.to(largest, 7), 127.), 1.0e-20)
          zero = torch.zeros([torch.size(x, 0)], dtype=4)
          codes = torch.quantize_per_channel(x, rows, zero, 0, 12)
          (self).place(index, ops.quantized.linear_prepack(codes, None))
          w[index] = columns
          return None
        def product(self, x: Tensor, columns: Tensor, packed: TYPE) -> Tensor:
          x = torch.mul(x, columns)
          scale = torch.div(torch.amax(torch.abs(x), [1], True), 63.)
          scale = torch.clamp_min(scale, 1.0e-30)
          x = torch.div_(x, scale)
          high = torch.round(x)
          low = torch.round_(torch.mul_(torch.sub_(x, high), 126.))
          ends = torch.unsqueeze(torch.linspace(-64., 63., torch.size(x, 1), dtype=6), 0)
          n = torch.size(x, 0)
          y = ops.quantized.linear_dynamic(torch.cat([high, low, ends], 0), packed, True)
          low = torch.mul_(torch.narrow(y, 0, n, n), LOW)
          return torch.mul_(torch.add_(torch.narrow(y, 0, 0, n), low), scale)
      """
          .replace("LOW", Double.toString(1 / 126.0));

  private static final String PLACE =
      """
        def place(self, index: int, packed: TYPE) -> NoneType:
          kept = (self).kept
          for i in range(torch.sub(torch.add(index, 1), torch.len(kept))):
            _0 = torch.append(kept, packed)
          return None
      """;

  private FbgemmScript() {}

  static String attributes(LinearKernel kernel) {
    return kernel.fbgemm() ? "  kept : List[" + PACKED + "]\n" : "";
  }

  /**
   * Methods of {@code class Decoder(Module)}: {@code keep} takes the weight with an index out of
   * {@code w} and packs it into {@code kept} at the same index, whose gaps nobody reads.
   */
  static String text(LinearKernel kernel) {
    return switch (kernel) {
      case PLAIN, PACKED, INT4, INT4_BFLOAT16 -> "";
      case HALF -> (PLACE + HALF).replace("TYPE", PACKED);
      case INT8 -> (PLACE + INT8).replace("TYPE", PACKED);
    };
  }

  /** A linear layer; the weight is named as it is in {@code w}. */
  static String product(String x, String weight) {
    String packed = weight.replaceFirst("w\\[", "kept[");
    return "(self).product(%s, %s, %s)".formatted(x, weight, packed);
  }
}
