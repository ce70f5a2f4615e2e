/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.lora.MergedWeights;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.torch.WeightLayout.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The weights a decoder is loaded from: a base checkpoint and the adapters that are merged into it.
 *
 * @param base the checkpoint's tensors, named with or without the {@code model.} prefix
 * @param adapters for a linear layer, such as {@code layers.0.mlp.up_proj}, its updates in the
 *     order in which they are merged
 * @param describe names the checkpoint in messages
 */
public record CheckpointWeights(
    TensorSource base, Function<String, List<LowRankUpdate>> adapters, String describe) {

  private static final String PREFIX = "model.";
  private static final String WEIGHT = ".weight";

  /** A checkpoint without adapters. */
  public static CheckpointWeights of(TensorSource base, String describe) {
    return new CheckpointWeights(base, module -> List.of(), describe);
  }

  /**
   * A checkpoint into which adapters are merged in their order.
   *
   * @param adapters stay open until the weights were loaded
   */
  public static CheckpointWeights of(
      TensorSource base, List<LoraAdapter> adapters, String describe) {
    if (adapters.stream().allMatch(LoraAdapter::onlyLowRank)) {
      return new CheckpointWeights(base, module -> updates(adapters, module), describe);
    }
    // What else adapters hold is merged as it is read.
    return of(MergedWeights.unrounded(base, adapters), describe);
  }

  private static List<LowRankUpdate> updates(List<LoraAdapter> adapters, String module) {
    List<LowRankUpdate> updates = new ArrayList<>();
    for (LoraAdapter adapter : adapters) {
      adapter
          .delta(module)
          .ifPresent(
              pair ->
                  updates.add(
                      new LowRankUpdate(
                          adapter.tensors(), pair.aName(), pair.bName(), pair.scale())));
    }
    return updates;
  }

  /** The name under which the checkpoint holds a weight; its shape was checked. */
  String find(Part part) throws IOException {
    String name = base.shape(part.name()).isPresent() ? part.name() : PREFIX + part.name();
    long[] found =
        base.shape(name)
            .orElseThrow(
                () ->
                    new IOException(
                        "tensor "
                            + part.name()
                            + " is missing in "
                            + describe
                            + " (looked for it with and without '"
                            + PREFIX
                            + "'); does config.json belong to these weights?"));
    if (!Arrays.equals(found, part.tensorShape())) {
      throw new IOException(
          "tensor "
              + name
              + " of "
              + describe
              + " has shape "
              + Arrays.toString(found)
              + " but config.json asks for "
              + Arrays.toString(part.tensorShape()));
    }
    return name;
  }

  List<LowRankUpdate> updates(Part part) {
    if (part.columns() == 0 || !part.name().endsWith(WEIGHT)) {
      return List.of();
    }
    return adapters.apply(part.name().substring(0, part.name().length() - WEIGHT.length()));
  }

  /**
   * One LoRA pair that is merged into a linear weight while it is loaded: {@code W + scale * B A}
   * (Hu et al., 2021, LoRA, section 4.1), computed in single precision and rounded once to the
   * model's dtype.
   *
   * @param source holds both matrices
   * @param a name of A, {@code (R, in)}
   * @param b name of B, {@code (out, R)}
   * @param scale alpha / r, or alpha / sqrt(r) for rank-stabilised LoRA
   */
  public record LowRankUpdate(TensorSource source, String a, String b, double scale) {}
}
