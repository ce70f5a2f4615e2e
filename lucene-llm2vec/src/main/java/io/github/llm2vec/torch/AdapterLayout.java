/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The linear layers to which adapters beside the weights are added, in the order of their tensors:
 * A and B of each target of the first layer, of the second, and so on.
 */
final class AdapterLayout {

  /** No adapters. */
  static final AdapterLayout NONE = new AdapterLayout(List.of(), 0);

  /** The layer whose result is activated, and the one that it is multiplied with. */
  static final String GATE = "gate_proj";

  static final String UP = "up_proj";

  /**
   * A linear layer, or some of its rows.
   *
   * @param name by which the script knows it
   * @param module its path within a layer, such as {@code self_attn.q_proj}
   * @param first the first of the rows
   * @param rows how many, or 0 for all
   */
  record Target(String name, String module, int first, int rows) {

    Target(String name, String block) {
      this(name, block + "." + name, 0, 0);
    }
  }

  private final List<Target> targets;
  private final int layers;

  private AdapterLayout(List<Target> targets, int layers) {
    this.targets = List.copyOf(targets);
    this.layers = layers;
  }

  AdapterLayout(DecoderSpec spec) {
    this(targets(spec), spec.layers().size());
  }

  private static List<Target> targets(DecoderSpec spec) {
    List<Target> targets = new ArrayList<>();
    if (spec.fusedProjections()) {
      int inner = spec.intermediateSize();
      targets.add(new Target("qkv_proj", "self_attn"));
      // One matrix in the checkpoint, two results.
      targets.add(new Target(GATE, "mlp.gate_up_proj", 0, inner));
      targets.add(new Target(UP, "mlp.gate_up_proj", inner, inner));
    } else {
      targets.add(new Target("q_proj", "self_attn"));
      targets.add(new Target("k_proj", "self_attn"));
      targets.add(new Target("v_proj", "self_attn"));
      targets.add(new Target(GATE, "mlp"));
      targets.add(new Target(UP, "mlp"));
    }
    targets.add(new Target("o_proj", "self_attn"));
    targets.add(new Target("down_proj", "mlp"));
    return targets;
  }

  boolean isEmpty() {
    return targets.isEmpty();
  }

  List<Target> targets() {
    return targets;
  }

  int layers() {
    return layers;
  }

  int targetsPerLayer() {
    return targets.size();
  }

  /** Place of a target among those of a layer. */
  int index(String name) {
    return targets.indexOf(
        targets.stream().filter(target -> target.name().equals(name)).findFirst().orElseThrow());
  }

  /**
   * Methods of {@code class Decoder(Module)}: what makes a tensor of an adapter ready, and what
   * adds adapters to the rows that are theirs. Adapter {@code s} has the {@code segments[2 s + 1]}
   * rows from row {@code segments[2 s]} on.
   */
  static String script(int dtype) {
    return """
          def adapterTensor(self, x: Tensor, scale: float) -> Tensor:
            x = torch.transpose(torch.mul(x, scale), 0, 1)
            return torch.to(torch.clone(x, memory_format=0), %s)
          def adapt(self, y: Tensor, x: Tensor, adapters: List[List[Tensor]], segments: List[int], \
        target: int, column: int) -> Tensor:
            for s in range(torch.len(adapters)):
              a = adapters[s][2 * target]
              b = adapters[s][2 * target + 1]
              if torch.gt(torch.numel(a), 0):
                rows = torch.narrow(x, 0, segments[2 * s], segments[2 * s + 1])
                out = torch.narrow(y, 0, segments[2 * s], segments[2 * s + 1])
                out = torch.narrow(out, 1, column, torch.size(b, 1))
                _0 = torch.add_(out, torch.matmul(torch.matmul(rows, a), b))
              else:
                pass
            return y
        """
        .formatted(dtype);
  }
}
