/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Owns the native values of one call: whatever is made through it is freed when it closes, also
 * when the call fails (DJL's own call path leaks its arguments then).
 */
final class NativeScope implements AutoCloseable {

  private final PtNDManager manager;
  private final Deque<IValue> owned = new ArrayDeque<>();

  /**
   * Opens a scope.
   *
   * @param parent gives the device on which tensors are made
   */
  NativeScope(PtNDManager parent) {
    this.manager = (PtNDManager) parent.newSubManager();
  }

  IValue number(long value) {
    return own(IValue.from(value));
  }

  IValue number(double value) {
    return own(IValue.from(value));
  }

  IValue numbers(long... values) {
    return own(IValue.listFrom(values));
  }

  IValue numbers(double... values) {
    return own(IValue.listFrom(values));
  }

  IValue tensor(PtNDArray array) {
    return own(IValue.from(array));
  }

  IValue tensors(PtNDArray... arrays) {
    return own(IValue.listFrom(arrays));
  }

  IValue int64(long[] values) {
    return tensor(longs(values));
  }

  IValue float32(float[] values) {
    return tensor((PtNDArray) manager.create(values));
  }

  IValue bool(boolean[] values, long... shape) {
    return tensor(bools(values, shape));
  }

  PtNDArray longs(long... values) {
    return (PtNDArray) manager.create(values);
  }

  /** On the CPU, wherever other tensors are made. */
  PtNDArray longsOnHost(long... values) {
    return (PtNDArray) manager.newSubManager(Device.cpu()).create(values);
  }

  PtNDArray floats(float[] values, long... shape) {
    return (PtNDArray) manager.create(values, new Shape(shape));
  }

  PtNDArray scalar(double value) {
    return (PtNDArray) manager.create((float) value);
  }

  PtNDArray bools(boolean[] values, long... shape) {
    return (PtNDArray) manager.create(values, new Shape(shape));
  }

  /** A tensor over the bytes of a direct buffer, which must stay untouched while it is in use. */
  PtNDArray float32(ByteBuffer direct, long... shape) {
    return manager.create(direct, new Shape(shape), DataType.FLOAT32);
  }

  /** A tensor result of a call; it and its bytes live as long as this scope. */
  PtNDArray toTensor(IValue value) {
    return value.toTensor(manager);
  }

  IValue own(IValue value) {
    owned.push(value);
    return value;
  }

  @Override
  public void close() {
    owned.forEach(IValue::close);
    manager.close();
  }
}
