/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The adapter tensors of a training module in the order of its list {@code l}: layer after layer, A
 * and B of every adapted linear layer.
 */
final class LoraLayout {

  /** No adapter. */
  static final LoraLayout NONE = new LoraLayout();

  /**
   * A trained tensor.
   *
   * @param name such as {@code layers.0.self_attn.q_proj.lora_A.weight}
   */
  record Matrix(String name, int rows, int columns) {

    long elements() {
      return (long) rows * columns;
    }
  }

  private record Module(String name, String path, int out, int in) {}

  private final List<Module> modules; // of one layer
  private final List<String> targets;
  private final List<Matrix> matrices = new ArrayList<>();

  private LoraLayout() {
    modules = List.of();
    targets = List.of();
  }

  LoraLayout(DecoderSpec spec, LoraOptions options) {
    int hidden = spec.hiddenSize();
    int inner = spec.intermediateSize();
    DecoderSpec.Layer layer = spec.layers().get(0);
    int queries = spec.attention().heads() * layer.headDim();
    int keys = layer.kvHeads() * layer.headDim();
    modules =
        spec.fusedProjections()
            ? List.of(
                new Module("qkv_proj", "self_attn.qkv_proj", queries + 2 * keys, hidden),
                new Module("o_proj", "self_attn.o_proj", hidden, queries),
                new Module("gate_up_proj", "mlp.gate_up_proj", 2 * inner, hidden),
                new Module("down_proj", "mlp.down_proj", hidden, inner))
            : List.of(
                new Module("q_proj", "self_attn.q_proj", queries, hidden),
                new Module("k_proj", "self_attn.k_proj", keys, hidden),
                new Module("v_proj", "self_attn.v_proj", keys, hidden),
                new Module("o_proj", "self_attn.o_proj", hidden, queries),
                new Module("gate_proj", "mlp.gate_proj", inner, hidden),
                new Module("up_proj", "mlp.up_proj", inner, hidden),
                new Module("down_proj", "mlp.down_proj", hidden, inner));
    for (String target : options.targets()) {
      if (modules.stream().noneMatch(module -> module.name().equals(target))) {
        throw new IllegalArgumentException(
            "models of type "
                + spec.modelType()
                + " have no linear layer "
                + target
                + ", only "
                + modules.stream().map(Module::name).toList()
                + "; train all weights instead");
      }
    }
    targets =
        modules.stream()
            .map(Module::name)
            .filter(name -> options.targets().contains(name))
            .toList();
    for (int i = 0; i < spec.layers().size(); i++) {
      for (String target : targets) {
        Module module = module(target);
        String prefix = "layers." + i + "." + module.path() + ".lora_";
        matrices.add(new Matrix(prefix + "A.weight", options.rank(), module.in()));
        matrices.add(new Matrix(prefix + "B.weight", module.out(), options.rank()));
      }
    }
  }

  /** The adapter's tensors, or none if all weights are trained. */
  static LoraLayout of(DecoderSpec spec, TrainableParameters trained) {
    return trained instanceof LoraOptions options ? new LoraLayout(spec, options) : NONE;
  }

  boolean isEmpty() {
    return targets.isEmpty();
  }

  int tensorsPerLayer() {
    return 2 * targets.size();
  }

  List<Matrix> matrices() {
    return List.copyOf(matrices);
  }

  /** Whether one of some linear layers has a branch. */
  boolean adapts(String... names) {
    return Arrays.stream(names).anyMatch(targets::contains);
  }

  /**
   * The branches of linear layers that are computed side by side, {@code (T, sum of out)}, zero for
   * those without one.
   */
  String branches(String x, String... names) {
    List<String> parts = new ArrayList<>();
    for (String name : names) {
      int index = 2 * targets.indexOf(name);
      parts.add(
          index >= 0
              ? "(self).branch(%s, l[c + %s], l[c + %s])".formatted(x, index, index + 1)
              : "torch.new_zeros(%s, [torch.size(%s, 0), %s], dtype=6)"
                  .formatted(x, x, module(name).out()));
    }
    return parts.size() == 1 ? parts.get(0) : "torch.cat([" + String.join(", ", parts) + "], 1)";
  }

  private Module module(String name) {
    return modules.stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
  }
}
