/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of a base with adapters added to its linear layers: {@code W + scale * B A} for one
 * after the other, in single precision, rounded to the stored format after each (Hu et al., 2021,
 * LoRA, section 4.1; the rounding is PEFT's {@code merge_and_unload}). Names are the base's. Reads
 * through; holds the matrices of one linear layer at a time. Not thread-safe. Owns nothing.
 */
final class MergedWeights implements TensorSource {

  private static final String WEIGHT = ".weight";

  private final TensorSource base;
  private final String prefix;
  private final List<LoraAdapter> adapters;
  private final Optional<DType> dtype;
  private String loadedName = "";
  private List<Delta> loaded = List.of();

  /**
   * A merge.
   *
   * @param prefix what stands before the names of the decoder's tensors in the base
   * @param dtype the format to round to; empty for that of every tensor
   */
  MergedWeights(
      TensorSource base, String prefix, List<LoraAdapter> adapters, Optional<DType> dtype) {
    this.base = base;
    this.prefix = prefix;
    this.adapters = List.copyOf(adapters);
    this.dtype = dtype;
  }

  /** Both matrices of an adapter for one linear layer. */
  private static final class Delta {
    private final float[] a; // (R, in)
    private final float[] b; // (out, R)
    private final LoraPair pair;

    Delta(float[] a, float[] b, LoraPair pair) {
      this.a = a;
      this.b = b;
      this.pair = pair;
    }
  }

  @Override
  public Set<String> names() {
    return base.names();
  }

  @Override
  public Optional<long[]> shape(String name) {
    return base.shape(name);
  }

  @Override
  public Optional<DType> dtype(String name) {
    Optional<DType> stored = base.dtype(name);
    return stored.isPresent() && dtype.isPresent() ? dtype : stored;
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) throws IOException {
    List<Delta> deltas = deltas(name);
    if (deltas.isEmpty()) {
      base.read(name, firstElement, target);
      return;
    }
    float[] values = new float[target.remaining()];
    base.read(name, firstElement, FloatBuffer.wrap(values));
    DType rounding = dtype(name).orElseThrow();
    for (Delta delta : deltas) {
      add(delta, firstElement, values);
      round(values, rounding);
    }
    requireFinite(name, values);
    target.put(values);
  }

  private List<Delta> deltas(String name) throws IOException {
    if (!name.equals(loadedName)) {
      List<Delta> deltas = new ArrayList<>();
      if (name.startsWith(prefix) && name.endsWith(WEIGHT)) {
        String module = name.substring(prefix.length(), name.length() - WEIGHT.length());
        for (LoraAdapter adapter : adapters) {
          Optional<LoraPair> pair = adapter.delta(module);
          if (pair.isPresent()) {
            deltas.add(load(adapter.tensors(), pair.get()));
          }
        }
      }
      loaded = deltas;
      loadedName = name;
    }
    return loaded;
  }

  private static Delta load(TensorSource tensors, LoraPair pair) throws IOException {
    float[] a = new float[Math.multiplyExact(pair.rank(), pair.in())];
    float[] b = new float[Math.multiplyExact(pair.out(), pair.rank())];
    tensors.read(pair.aName(), 0, FloatBuffer.wrap(a));
    tensors.read(pair.bName(), 0, FloatBuffer.wrap(b));
    return new Delta(a, b, pair);
  }

  /** Adds the elements from {@code first} on, which may begin and end within a row. */
  private static void add(Delta delta, long first, float[] values) {
    int in = delta.pair.in();
    int rank = delta.pair.rank();
    float scale = (float) delta.pair.scale();
    float[] sums = new float[in];
    int done = 0;
    while (done < values.length) {
      int row = Math.toIntExact((first + done) / in);
      int column = Math.toIntExact((first + done) % in);
      int count = Math.min(in - column, values.length - done);
      Arrays.fill(sums, 0, count, 0);
      for (int k = 0; k < rank; k++) {
        float factor = delta.b[row * rank + k];
        int from = k * in + column;
        for (int i = 0; i < count; i++) {
          sums[i] += factor * delta.a[from + i];
        }
      }
      for (int i = 0; i < count; i++) {
        values[done + i] += scale * sums[i];
      }
      done += count;
    }
  }

  private static void round(float[] values, DType dtype) {
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (dtype) {
            case FLOAT32 -> values[i];
            case FLOAT16 -> HalfFloats.fromFloat16(HalfFloats.toFloat16(values[i]));
            case BFLOAT16 -> HalfFloats.fromBfloat16(HalfFloats.toBfloat16(values[i]));
          };
    }
  }

  private void requireFinite(String name, float[] values) throws ModelFormatException {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new ModelFormatException(
            adapters.get(0).folder(),
            "gives '" + name + "' NaN or infinite values when it is merged",
            "Train the adapter again; its training diverged, or store the merge in a wider format");
      }
    }
  }

  @Override
  public void close() {
    // The base and the adapters are the caller's.
  }
}
