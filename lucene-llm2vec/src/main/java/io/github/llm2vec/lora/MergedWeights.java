/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.lora.LoraAdapter.TensorChange;
import io.github.llm2vec.lora.LoraAdapter.TensorChange.LoraPair;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.HalfFloats;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The tensors of a base with the changes of adapters made to them: one adapter after the other, in
 * single precision, rounded to the stored format after each (Hu et al., 2021, LoRA, section 4.1;
 * the rounding is PEFT's {@code merge_and_unload}). Names are the base's. Reads through; holds the
 * adapters' matrices of one tensor at a time. Not thread-safe. Owns nothing.
 */
public final class MergedWeights implements TensorSource {

  /** Elements read at once where a whole tensor must be looked at. */
  private static final int BLOCK = 1 << 20;

  private final TensorSource base;
  private final UnaryOperator<String> decoderName;
  private final List<LoraAdapter> adapters;
  private final Optional<DType> dtype;
  private String loadedName = "";
  private List<LoadedChange> loaded = List.of();

  /**
   * A merge.
   *
   * @param decoderName from a name in the base to that in {@link
   *     io.github.llm2vec.decoder.DecoderLayout}
   * @param dtype the format to round to; empty for that of every tensor
   */
  public MergedWeights(
      TensorSource base,
      UnaryOperator<String> decoderName,
      List<LoraAdapter> adapters,
      Optional<DType> dtype) {
    this.base = base;
    this.decoderName = decoderName;
    this.adapters = List.copyOf(adapters);
    this.dtype = dtype;
  }

  /** The tensors of a decoder with adapters merged, in single precision and not rounded. */
  public static MergedWeights unrounded(TensorSource decoder, List<LoraAdapter> adapters) {
    return new MergedWeights(
        decoder, UnaryOperator.identity(), adapters, Optional.of(DType.FLOAT32));
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
    List<LoadedChange> changes = changes(name);
    if (changes.isEmpty()) {
      base.read(name, firstElement, target);
      return;
    }
    float[] values = new float[target.remaining()];
    read(name, changes, firstElement, values);
    requireFinite(name, values);
    target.put(values);
  }

  private void read(String name, List<LoadedChange> changes, long first, float[] values)
      throws IOException {
    base.read(name, first, FloatBuffer.wrap(values));
    DType rounding = dtype(name).orElseThrow();
    for (LoadedChange change : changes) {
      change.apply(first, values);
      round(values, rounding);
    }
  }

  private List<LoadedChange> changes(String name) throws IOException {
    if (!name.equals(loadedName)) {
      List<LoadedChange> changes = new ArrayList<>();
      long[] shape = base.shape(name).orElseThrow();
      for (LoraAdapter adapter : adapters) {
        for (TensorChange change : adapter.changes(decoderName.apply(name))) {
          LoadedChange next = LoadedChange.load(adapter.tensors(), change, shape);
          if (next.rescales()) {
            next.measure(norms(name, changes, next, shape));
          }
          changes.add(next);
        }
      }
      loaded = changes;
      loadedName = name;
    }
    return loaded;
  }

  /** Squared norms of what a change makes of the rows of a matrix, or of its columns. */
  private double[] norms(String name, List<LoadedChange> before, LoadedChange next, long[] shape)
      throws IOException {
    int columns = Math.toIntExact(shape[1]);
    int rowsAtOnce = Math.max(1, BLOCK / columns);
    double[] squares = new double[next.ofColumns() ? columns : Math.toIntExact(shape[0])];
    for (long row = 0; row < shape[0]; row += rowsAtOnce) {
      int rows = (int) Math.min(rowsAtOnce, shape[0] - row);
      float[] values = new float[rows * columns];
      read(name, before, row * columns, values);
      next.apply(row * columns, values);
      for (int i = 0; i < values.length; i++) {
        int place = next.ofColumns() ? i % columns : (int) row + i / columns;
        squares[place] += (double) values[i] * values[i];
      }
    }
    return squares;
  }

  private static void round(float[] values, DType dtype) {
    if (dtype == DType.FLOAT32) {
      return;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] =
          dtype == DType.FLOAT16
              ? HalfFloats.fromFloat16(HalfFloats.toFloat16(values[i]))
              : HalfFloats.fromBfloat16(HalfFloats.toBfloat16(values[i]));
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

  /** A change with its tensors in memory, except for one that replaces a whole tensor. */
  private static final class LoadedChange {

    private static final float[] NONE = {};

    private final TensorSource tensors;
    private final TensorChange change;
    private final int columns; // of the changed tensor, 1 for a vector
    private final float[] left; // (rows, R), or the vector or the rows that the change brings
    private final float[] right; // (R, columns)
    private final float[] factors; // of rows or columns; magnitudes until they are measured
    private boolean measured;

    private LoadedChange(
        TensorSource tensors,
        TensorChange change,
        int columns,
        float[] left,
        float[] right,
        float[] factors) {
      this.tensors = tensors;
      this.change = change;
      this.columns = columns;
      this.left = left;
      this.right = right;
      this.factors = factors;
    }

    static LoadedChange load(TensorSource tensors, TensorChange change, long[] shape)
        throws IOException {
      int columns = shape.length > 1 ? Math.toIntExact(shape[1]) : 1;
      if (change instanceof TensorChange.LowRank lowRank) {
        LoraPair pair = lowRank.pair();
        float[] a = tensors.readAll(pair.aName());
        float[] b = tensors.readAll(pair.bName());
        float[] magnitude =
            lowRank.magnitude().isPresent() ? tensors.readAll(lowRank.magnitude().get()) : NONE;
        boolean turned = lowRank.embedding();
        return new LoadedChange(
            tensors,
            change,
            columns,
            turned ? TensorSource.transposed(a, pair.rank(), pair.in()) : b,
            turned ? TensorSource.transposed(b, pair.out(), pair.rank()) : a,
            magnitude);
      }
      float[] brought =
          change instanceof TensorChange.Shift shift
              ? tensors.readAll(shift.name())
              : change instanceof TensorChange.Rows rows ? tensors.readAll(rows.name()) : NONE;
      return new LoadedChange(tensors, change, columns, brought, NONE, NONE);
    }

    boolean rescales() {
      return change instanceof TensorChange.LowRank lowRank && lowRank.magnitude().isPresent();
    }

    boolean ofColumns() {
      return change instanceof TensorChange.LowRank lowRank && lowRank.embedding();
    }

    /** Turns magnitudes into factors, given the squared norms of the sums. */
    void measure(double[] squares) {
      for (int i = 0; i < factors.length; i++) {
        factors[i] = (float) (factors[i] / Math.sqrt(squares[i]));
      }
      measured = true;
    }

    /** Changes the elements from {@code first} on, which may begin and end within a row. */
    void apply(long first, float[] values) throws IOException {
      if (change instanceof TensorChange.LowRank lowRank) {
        add(lowRank.pair(), first, values);
        if (measured) {
          rescale(first, values);
        }
      } else if (change instanceof TensorChange.Replacement replacement) {
        tensors.read(replacement.name(), first, FloatBuffer.wrap(values));
      } else if (change instanceof TensorChange.Shift shift) {
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) shift.scale() * left[(int) first + i];
        }
      } else if (change instanceof TensorChange.Rows rows) {
        for (int k = 0; k < rows.rows().size(); k++) {
          copyRow(k, (long) rows.rows().get(k) * columns - first, values);
        }
      }
    }

    private void rescale(long first, float[] values) {
      for (int i = 0; i < values.length; i++) {
        long place = first + i;
        values[i] *= factors[(int) (ofColumns() ? place % columns : place / columns)];
      }
    }

    /** Copies the k-th row that the adapter brings, as far as its place is among the values. */
    private void copyRow(int k, long start, float[] values) {
      for (int column = 0; column < columns; column++) {
        long place = start + column;
        if (place >= 0 && place < values.length) {
          values[(int) place] = left[k * columns + column];
        }
      }
    }

    private void add(LoraPair pair, long first, float[] values) {
      int rank = pair.rank();
      float scale = (float) pair.scale();
      float[] sums = new float[columns];
      int done = 0;
      while (done < values.length) {
        int row = Math.toIntExact((first + done) / columns);
        int column = Math.toIntExact((first + done) % columns);
        int count = Math.min(columns - column, values.length - done);
        Arrays.fill(sums, 0, count, 0);
        for (int k = 0; k < rank; k++) {
          float factor = left[row * rank + k];
          int from = k * columns + column;
          for (int i = 0; i < count; i++) {
            sums[i] += factor * right[from + i];
          }
        }
        for (int i = 0; i < count; i++) {
          values[done + i] += scale * sums[i];
        }
        done += count;
      }
    }
  }
}
