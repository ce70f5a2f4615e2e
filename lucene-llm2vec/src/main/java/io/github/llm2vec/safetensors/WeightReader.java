/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads stored weights and widens them to single precision, chunk by chunk.
 *
 * <p>Files are read, not mapped: at the same speed, a mapping would count as resident memory until
 * the garbage collector drops it (Java 17 has no other way to unmap), and a file that is cut off
 * under a mapping faults in the middle of a computation instead of ending a read.
 *
 * <p>Thread-safe; callers take turns because they share the chunk.
 */
final class WeightReader {

  private static final int CHUNK_BYTES = 1 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  // Allocated at the first read: a folder may be opened for its header only.
  private ByteBuffer chunk = ByteBuffer.allocate(0);
  private short[] halves = {};
  private float[] floats = {};

  /**
   * Fills {@code target} from its position to its limit.
   *
   * @param type one that has a {@link StoredType#weightType()}
   * @param position offset of the first byte in the file
   * @throws EOFException if the file ends before
   */
  void read(FileChannel channel, StoredType type, long position, FloatBuffer target)
      throws IOException {
    DType weights = type.weightType().orElseThrow();
    lock.lock();
    try {
      allocate(target.remaining(), weights);
      long next = position;
      while (target.hasRemaining()) {
        int count = Math.min(target.remaining(), chunk.capacity() / weights.bytes());
        fill(channel, next, count * weights.bytes());
        switch (weights) {
          case FLOAT32 -> target.put(chunk.asFloatBuffer());
          case FLOAT16 -> widenHalf(count, target);
          case BFLOAT16 -> widenBrain(count, target);
          case INT8, INT4 -> throw weights.notStored();
        }
        next += (long) count * weights.bytes();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Makes the chunk as large as this read can use, so that small tensors need little. */
  private void allocate(int elements, DType type) {
    int bytes = (int) Math.min(CHUNK_BYTES, (long) elements * type.bytes());
    if (chunk.capacity() < bytes) {
      chunk = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
    int count = type == DType.FLOAT32 ? 0 : bytes / type.bytes();
    if (halves.length < count) {
      halves = new short[count];
      floats = new float[count];
    }
  }

  private void fill(FileChannel channel, long position, int bytes) throws IOException {
    Objects.checkFromIndexSize(0, bytes, chunk.capacity());
    chunk.clear().limit(bytes);
    while (chunk.hasRemaining()) {
      if (channel.read(chunk, position + chunk.position()) < 0) {
        throw new EOFException("the file ends at byte " + channel.size());
      }
    }
    chunk.flip();
  }

  private void widenHalf(int count, FloatBuffer target) {
    chunk.asShortBuffer().get(halves, 0, count);
    for (int i = 0; i < count; i++) {
      floats[i] = HalfFloats.fromFloat16(halves[i]);
    }
    target.put(floats, 0, count);
  }

  private void widenBrain(int count, FloatBuffer target) {
    chunk.asShortBuffer().get(halves, 0, count);
    for (int i = 0; i < count; i++) {
      floats[i] = HalfFloats.fromBfloat16(halves[i]);
    }
    target.put(floats, 0, count);
  }
}
