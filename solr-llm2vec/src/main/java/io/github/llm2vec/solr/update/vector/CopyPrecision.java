/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.vector;

import io.github.llm2vec.safetensors.HalfFloats;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Number format of the stored copy of a vector. */
public enum CopyPrecision {
  /** Four bytes, exact. */
  FLOAT32(Float.BYTES) {
    @Override
    public void put(ByteBuffer bytes, float value) {
      bytes.putFloat(value);
    }

    @Override
    public float get(ByteBuffer bytes) {
      return bytes.getFloat();
    }

    @Override
    public void round(float[] values) {
      // Exact as they are.
    }
  },

  /**
   * Two bytes. The indexed vector is rounded in the same way, so that it is the same before and
   * after an atomic update.
   */
  FLOAT16(Short.BYTES) {
    @Override
    public void put(ByteBuffer bytes, float value) {
      bytes.putShort(HalfFloats.toFloat16(value));
    }

    @Override
    public float get(ByteBuffer bytes) {
      return HalfFloats.fromFloat16(bytes.getShort());
    }

    @Override
    public void round(float[] values) {
      for (int i = 0; i < values.length; i++) {
        values[i] = HalfFloats.fromFloat16(HalfFloats.toFloat16(values[i]));
      }
    }
  };

  private final int bytes;

  CopyPrecision(int bytes) {
    this.bytes = bytes;
  }

  /** The precision with so many bytes to a number. */
  public static Optional<CopyPrecision> of(int bytes) {
    return Arrays.stream(values()).filter(precision -> precision.bytes == bytes).findFirst();
  }

  /** Bytes of one number. */
  public int bytes() {
    return bytes;
  }

  public abstract void put(ByteBuffer bytes, float value);

  public abstract float get(ByteBuffer bytes);

  /** Makes of every number what will be read back. */
  public abstract void round(float[] values);
}
