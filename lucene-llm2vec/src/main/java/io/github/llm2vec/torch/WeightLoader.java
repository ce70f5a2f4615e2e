/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.llm2vec.decoder.Rope;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.torch.CheckpointWeights.LowRankUpdate;
import io.github.llm2vec.torch.WeightLayout.Part;
import io.github.llm2vec.torch.WeightLayout.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Brings the tensors of a checkpoint into a module: fused, with adapters merged, in the module's
 * dtype and on its device. It reads through one buffer of fixed size, so that the most it needs
 * beside the model is that buffer and, while a weight is reordered, one weight.
 */
final class WeightLoader {

  /** Bytes of the single-precision block that goes to the device at once. */
  private static final int BLOCK_BYTES = 64 << 20;

  private static final int PACK_ROWS = 1024;

  /** Weights from which on it pays to look after what loading leaves behind. */
  private static final long LARGE = 1 << 26;

  /** The index of no weight: what is read is looked at and dropped. */
  private static final int NOWHERE = -1;

  private final ScriptModule module;
  private final WeightLayout layout;
  private final DecoderOptions options;
  private final LinearKernel kernel;
  private final CheckpointWeights weights;
  private final ByteBuffer block;
  private long read;

  WeightLoader(
      ScriptModule module,
      WeightLayout layout,
      DecoderOptions options,
      LinearKernel kernel,
      CheckpointWeights weights) {
    this.module = module;
    this.layout = layout;
    this.options = options;
    this.kernel = kernel;
    this.weights = weights;
    this.block = ByteBuffer.allocateDirect(BLOCK_BYTES).order(ByteOrder.nativeOrder());
  }

  /**
   * Loads everything.
   *
   * @param done told the number of weights loaded after each and the number of all
   */
  void load(PtNDManager manager, LoadListener done) throws IOException {
    List<Slot> slots = layout.slots();
    try (PtNDArray like = (PtNDArray) manager.create(0f)) {
      for (int index = 0; index < slots.size(); index++) {
        Slot slot = slots.get(index);
        load(like, slot, kernel.keeps(options.dtype(), index == 0));
        done.loaded(index + 1, slots.size());
      }
    }
    for (Rope rope : layout.ropes()) {
      table(rope);
    }
    if (read > LARGE) {
      NativeHeap.trim();
    }
  }

  /** Reads everything as {@link #load} does and keeps nothing. */
  void check(LoadListener done) throws IOException {
    List<Slot> slots = layout.slots();
    for (int index = 0; index < slots.size(); index++) {
      for (Part part : slots.get(index).parts()) {
        fill(NOWHERE, 0, part);
      }
      done.loaded(index + 1, slots.size());
    }
  }

  /**
   * Loads one more weight behind all others, in a dtype of its own.
   *
   * @return its index
   */
  int append(PtNDManager manager, Slot slot, DType dtype) throws IOException {
    try (PtNDArray like = (PtNDArray) manager.create(0f)) {
      return load(like, slot, dtype);
    }
  }

  private int load(PtNDArray like, Slot slot, DType dtype) throws IOException {
    int index = allocate(like, slot, dtype);
    int row = 0;
    for (Part part : slot.parts()) {
      fill(index, row, part);
      row += part.rows();
    }
    if (slot.linear() && kernel == LinearKernel.PACKED) {
      try (NativeScope scope = module.scope()) {
        module.call(scope, "pack", scope.number((long) index), scope.number((long) PACK_ROWS));
      }
    } else if (slot.linear() && kernel.keepsItsOwn()) {
      try (NativeScope scope = module.scope()) {
        module.call(scope, "keep", scope.number((long) index));
      }
    }
    return index;
  }

  private int allocate(PtNDArray like, Slot slot, DType dtype) {
    long[] shape = slot.parts().get(0).shape();
    shape[0] = slot.rows();
    long type = DecoderScript.torchType(dtype);
    try (NativeScope scope = module.scope()) {
      IValue index =
          module.call(
              scope, "allocate", scope.tensor(like), scope.numbers(shape), scope.number(type));
      return Math.toIntExact(index.toLong());
    }
  }

  private void fill(int index, int row, Part part) throws IOException {
    String name = weights.find(part);
    List<LowRankUpdate> updates = weights.updates(part);
    int columns = Math.max(1, part.columns());
    int rowsAtOnce = Math.max(1, BLOCK_BYTES / Float.BYTES / columns);
    try (NativeScope whole = module.scope()) {
      PtNDArray[] a = new PtNDArray[updates.size()];
      for (int i = 0; i < a.length; i++) {
        a[i] = matrix(whole, updates.get(i).source(), updates.get(i).a());
      }
      for (int first = 0; first < part.rows(); first += rowsAtOnce) {
        int rows = Math.min(rowsAtOnce, part.rows() - first);
        try (NativeScope scope = module.scope()) {
          long[] shape = part.shape();
          shape[0] = rows;
          PtNDArray values = read(scope, name, (long) (part.first() + first) * columns, shape);
          PtNDArray[] b = new PtNDArray[a.length];
          for (int i = 0; i < b.length; i++) {
            b[i] = rows(scope, updates.get(i), part.first() + first, rows);
          }
          IValue finite =
              module.call(
                  scope,
                  "fill",
                  scope.number((long) index),
                  scope.number((long) row + first),
                  scope.tensor(values),
                  scope.tensors(a),
                  scope.tensors(b),
                  scope.numbers(updates.stream().mapToDouble(LowRankUpdate::scale).toArray()));
          if (!finite.toBoolean()) {
            throw new IOException(
                "tensor "
                    + name
                    + (updates.isEmpty() ? "" : " or its adapter")
                    + " holds NaN or infinite values in rows "
                    + first
                    + " to "
                    + (first + rows - 1)
                    + " of "
                    + weights.describe()
                    + ": the file is damaged or was written by a training run that diverged");
          }
        }
      }
    }
  }

  private PtNDArray read(NativeScope scope, String name, long firstElement, long[] shape)
      throws IOException {
    read += elements(shape);
    int bytes = Math.toIntExact(elements(shape) * Float.BYTES);
    ByteBuffer view = block.duplicate().order(ByteOrder.nativeOrder()).limit(bytes);
    weights
        .base()
        .read(name, firstElement, view.slice().order(ByteOrder.nativeOrder()).asFloatBuffer());
    return scope.float32(view.slice().order(ByteOrder.nativeOrder()), shape);
  }

  private static PtNDArray matrix(NativeScope scope, TensorSource source, String name)
      throws IOException {
    long[] shape = source.shape(name).orElseThrow();
    ByteBuffer bytes = direct(elements(shape));
    source.read(name, 0, bytes.asFloatBuffer());
    return scope.float32(bytes, shape);
  }

  private static PtNDArray rows(NativeScope scope, LowRankUpdate update, int first, int rows)
      throws IOException {
    long rank = update.source().shape(update.b()).orElseThrow()[1];
    ByteBuffer bytes = direct(rows * rank);
    update.source().read(update.b(), first * rank, bytes.asFloatBuffer());
    return scope.float32(bytes, rows, rank);
  }

  private void table(Rope rope) {
    int length = Math.min(options.maxTokens(), rope.maxLength());
    try (NativeScope scope = module.scope()) {
      module.call(
          scope,
          "rope",
          frequencies(scope, rope.inverseFrequencies()),
          frequencies(scope, rope.longFrequencies()),
          scope.number((long) Math.min(length, rope.shortLength())),
          scope.number((long) length),
          scope.number(rope.attentionFactor()),
          scope.number(rope.queryScaleBeta()),
          scope.number((double) rope.queryScaleLength()),
          scope.number((long) DecoderScript.torchType(kernel.computesIn(options.dtype()))));
    }
  }

  private static IValue frequencies(NativeScope scope, List<Float> values) {
    float[] frequencies = new float[values.size()];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = values.get(i);
    }
    return scope.float32(frequencies);
  }

  private static ByteBuffer direct(long floats) {
    return ByteBuffer.allocateDirect(Math.toIntExact(floats * Float.BYTES))
        .order(ByteOrder.nativeOrder());
  }

  private static long elements(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
