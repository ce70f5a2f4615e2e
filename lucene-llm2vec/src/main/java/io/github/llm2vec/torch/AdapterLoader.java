/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.jni.IValue;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.lora.LoraAdapter.TensorChange;
import io.github.llm2vec.lora.LoraAdapter.TensorChange.LoraPair;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Brings a low-rank adapter onto a decoder's device, beside the weights: A and B of every target,
 * turned for the product and with the scale in B. Nothing of the base is read.
 */
final class AdapterLoader {

  private static final String REMEDY = "Merge it instead (adapters as a list)";

  /** A and B of a target as they are stored; empty for a target that is left alone. */
  // Compared by nobody, so that the arrays do no harm.
  @SuppressWarnings("ArrayRecordComponent")
  private record Pair(float[] a, float[] b, int rank, double scale) {

    static final Pair NONE = new Pair(new float[0], new float[0], 0, 1);

    long elements() {
      return (long) a.length + b.length;
    }
  }

  private final List<Pair> pairs = new ArrayList<>();

  /**
   * Reads an adapter. Nothing native runs.
   *
   * @throws ModelFormatException if it holds anything but pairs of linear layers of the layout, or
   *     numbers that are not finite
   */
  AdapterLoader(LoraAdapter adapter, AdapterLayout layout) throws IOException {
    requireLowRank(adapter);
    Set<String> left = new HashSet<>(adapter.modules());
    for (int layer = 0; layer < layout.layers(); layer++) {
      for (AdapterLayout.Target target : layout.targets()) {
        String module = "layers." + layer + "." + target.module();
        Optional<LoraPair> pair = adapter.delta(module);
        left.remove(module);
        pairs.add(pair.isPresent() ? read(adapter, pair.get(), target) : Pair.NONE);
      }
    }
    if (!left.isEmpty()) {
      throw refused(adapter, "adapts " + left.iterator().next());
    }
  }

  private static void requireLowRank(LoraAdapter adapter) throws ModelFormatException {
    for (String tensor : adapter.changedTensors()) {
      for (TensorChange change : adapter.changes(tensor)) {
        if (!(change instanceof TensorChange.LowRank lowRank)) {
          throw refused(adapter, "changes " + tensor + " by more than a low-rank product");
        }
        if (lowRank.magnitude().isPresent()) {
          throw refused(adapter, "is a DoRA adapter (use_dora), which rescales the base's weights");
        }
        if (lowRank.embedding()) {
          throw refused(adapter, "adapts the embedding");
        }
      }
    }
  }

  private static ModelFormatException refused(LoraAdapter adapter, String problem) {
    return new ModelFormatException(
        adapter.folder(), problem + "; that cannot be kept beside a base", REMEDY);
  }

  private static Pair read(LoraAdapter adapter, LoraPair pair, AdapterLayout.Target target)
      throws IOException {
    int rows = target.rows() == 0 ? pair.out() : target.rows();
    int rank = pair.rank();
    TensorSource tensors = adapter.tensors();
    return new Pair(
        read(adapter, tensors, pair.aName(), 0, rank * pair.in()),
        read(adapter, tensors, pair.bName(), (long) target.first() * rank, rows * rank),
        rank,
        pair.scale());
  }

  private static float[] read(
      LoraAdapter adapter, TensorSource tensors, String name, long first, int count)
      throws IOException {
    float[] values = new float[count];
    tensors.read(name, first, FloatBuffer.wrap(values));
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new ModelFormatException(
            adapter.folder(),
            "holds NaN or infinite values in '" + name + "'",
            "Train the adapter again; its training diverged");
      }
    }
    return values;
  }

  /** Makes the tensors; on the device thread of the module. */
  DecoderAdapter load(ScriptModule module, DType dtype) {
    try (NativeScope scope = module.scope()) {
      IValue[] tensors = new IValue[2 * pairs.size()];
      for (int i = 0; i < pairs.size(); i++) {
        Pair pair = pairs.get(i);
        tensors[2 * i] = tensor(module, scope, pair.a, pair.rank, true, 1);
        tensors[2 * i + 1] = tensor(module, scope, pair.b, pair.rank, false, pair.scale);
      }
      long elements = pairs.stream().mapToLong(Pair::elements).sum();
      return new DecoderAdapter(IValue.listFrom(tensors), elements * dtype.bytes());
    }
  }

  private static IValue tensor(
      ScriptModule module,
      NativeScope scope,
      float[] values,
      int rank,
      boolean rankFirst,
      double scale) {
    long other = rank == 0 ? 0 : values.length / rank;
    long[] shape = rankFirst ? new long[] {rank, other} : new long[] {other, rank};
    return module.call(
        scope, "adapterTensor", scope.tensor(scope.floats(values, shape)), scope.number(scale));
  }
}
