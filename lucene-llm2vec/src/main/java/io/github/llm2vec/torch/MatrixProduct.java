/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.llm2vec.safetensors.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * The product of a matrix with the transposed rows of others, in single precision: the dot products
 * of an exact vector search. One native call per matrix, which is read where it lies.
 *
 * <p>Symbols: <b>Q</b> rows of the one matrix, <b>N</b> rows of another, <b>D</b> columns.
 *
 * <p>Thread-safe; calls run one after the other on a device thread. Owns the native module and the
 * prepared matrices, which {@link #close} frees at the latest.
 */
public final class MatrixProduct implements AutoCloseable {

  /** The packed kernel gives {@code (N, Q)}; turning that round costs a copy of the result. */
  private static final String SCRIPT =
      """
      class Decoder(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        w : List[Tensor]
        def keep(self, rows: Tensor, pack: bool, others: int) -> int:
          kept = torch.clone(rows)
          if pack:
            kept = ops.mkldnn._reorder_linear_weight(kept, others)
          else:
            pass
          _0 = torch.append((self).w, kept)
          return torch.sub(torch.len((self).w), 1)
        def drop(self, index: int, like: Tensor) -> NoneType:
          w = (self).w
          w[index] = torch.new_empty(like, [0])
          return None
        def multiply(self, index: int, others: Tensor, packed: bool) -> Tensor:
          if packed:
            t = ops.mkldnn._linear_pointwise(others, (self).w[index], None, "none", \
      annotate(List[Optional[number]], []), None)
            products = torch.contiguous(torch.t(t))
          else:
            products = torch.linear((self).w[index], others)
          return products
      """;

  /** About how many rows the other matrices have, for which the kernel arranges the first. */
  private static final int TYPICAL_ROWS = 1024;

  private final TorchDevice device;
  private final DeviceThread thread;
  private final PtNDManager manager;
  private final ScriptModule module;
  private final boolean packed;
  private final AtomicBoolean closed = new AtomicBoolean();

  private MatrixProduct(
      TorchDevice device,
      DeviceThread thread,
      PtNDManager manager,
      ScriptModule module,
      boolean packed) {
    this.device = device;
    this.thread = thread;
    this.manager = manager;
    this.module = module;
    this.packed = packed;
  }

  /**
   * Starts libtorch on a device.
   *
   * @throws IllegalStateException if there is no libtorch for this platform
   * @throws IllegalArgumentException if the device is not there
   */
  public static MatrixProduct open(TorchDevice device) {
    DeviceThread thread = new DeviceThread();
    try {
      return thread.call(() -> openHere(device, thread));
    } catch (RuntimeException | Error e) {
      thread.close();
      throw e;
    }
  }

  private static MatrixProduct openHere(TorchDevice device, DeviceThread thread) {
    PtNDManager manager = TorchRuntime.openManager(device);
    try {
      boolean packed =
          device.type() == TorchDevice.Type.CPU
              && PackedLinearSupport.works(manager, DType.FLOAT32);
      return new MatrixProduct(device, thread, manager, new ScriptModule(manager, SCRIPT), packed);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Brings a matrix to the device, where it stays until it is closed.
   *
   * @param rows {@code (Q, D)}, row after row
   * @param columns D
   */
  public Prepared prepare(float[] rows, int columns) {
    if (columns < 1 || rows.length == 0 || rows.length % columns != 0) {
      throw new IllegalArgumentException(
          rows.length + " floats are no rows of " + columns + " columns");
    }
    return call(
        scope -> {
          PtNDArray matrix = scope.floats(rows, rows.length / columns, columns);
          IValue index =
              module.call(
                  scope,
                  "keep",
                  scope.tensor(matrix),
                  scope.own(IValue.from(packed)),
                  scope.number(TYPICAL_ROWS));
          return new Prepared(index.toLong(), rows.length / columns, columns);
        });
  }

  private <T> T call(Function<NativeScope, T> task) {
    if (closed.get()) {
      throw new IllegalStateException("these products are closed");
    }
    return thread.call(
        () -> {
          try (NativeScope scope = module.scope()) {
            return task.apply(scope);
          } catch (EngineException e) {
            throw DeviceException.of(
                e, device.toString(), "a product of vectors", "multiply fewer rows at once");
          }
        });
  }

  /** Frees the module and what is still prepared; closing again does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      thread.closeAfter(
          () -> {
            module.close();
            manager.close();
          });
    }
  }

  /** A matrix on the device. */
  public final class Prepared implements AutoCloseable {

    private final long index;
    private final int rows;
    private final int columns;

    private Prepared(long index, int rows, int columns) {
      this.index = index;
      this.rows = rows;
      this.columns = columns;
    }

    /**
     * Multiplies with another matrix.
     *
     * @param others {@code (N, D)}, row after row, little-endian floats from the position to the
     *     limit of a direct buffer, which must not change during the call
     * @param count N
     * @param products takes {@code (Q, N)}, row after row; may be longer
     * @throws IllegalArgumentException if the sizes do not fit
     */
    public void multiply(ByteBuffer others, int count, float[] products) {
      if (!others.isDirect() || others.remaining() != (long) count * columns * Float.BYTES) {
        throw new IllegalArgumentException(
            "expected a direct buffer of %s rows of %s floats, got %s bytes"
                .formatted(count, columns, others.remaining()));
      }
      if (products.length < (long) rows * count) {
        throw new IllegalArgumentException(
            "%s products of %s by %s rows do not fit %s"
                .formatted((long) rows * count, rows, count, products.length));
      }
      call(
          scope -> {
            PtNDArray matrix = scope.float32(others.slice(), count, columns);
            PtNDArray result =
                scope.toTensor(
                    module.call(
                        scope,
                        "multiply",
                        scope.number(index),
                        scope.tensor(matrix),
                        scope.own(IValue.from(packed))));
            result
                .toByteBuffer(true)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer()
                .get(products, 0, rows * count);
            return true;
          });
    }

    /** Frees the matrix. */
    @Override
    public void close() {
      if (!closed.get()) {
        call(
            scope -> {
              PtNDArray like = (PtNDArray) manager.zeros(new Shape(1));
              module.call(scope, "drop", scope.number(index), scope.tensor(like));
              like.close();
              return true;
            });
      }
    }
  }
}
