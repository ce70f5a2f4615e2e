/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.gguf;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.HalfFloats;
import java.util.Arrays;
import java.util.Optional;

/**
 * How a GGUF file stores the elements of a tensor: plain numbers, or blocks of small whole numbers
 * with their scales. A block is widened by itself, in single precision and in the order of the
 * reference (the {@code gguf} package), so that the results are equal to the last bit.
 */
enum GgufType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  BF16(30, 1, 2);

  private static final int NIBBLE = 0x0F;

  private final int code;
  private final int elements;
  private final int bytes;

  GgufType(int code, int elements, int bytes) {
    this.code = code;
    this.elements = elements;
    this.bytes = bytes;
  }

  /** Elements of a block. */
  int elements() {
    return elements;
  }

  /** Bytes of a block. */
  int bytes() {
    return bytes;
  }

  /** Finds a type by its number in the file. */
  static Optional<GgufType> of(int code) {
    return Arrays.stream(values()).filter(type -> type.code == code).findFirst();
  }

  /** The format of weights whose values this type keeps best. */
  DType weightType() {
    return switch (this) {
      case F16 -> DType.FLOAT16;
      case BF16 -> DType.BFLOAT16;
      default -> DType.FLOAT32;
    };
  }

  /**
   * Widens one block.
   *
   * @param b bytes of the file
   * @param at where the block begins
   * @param out takes {@link #elements} numbers from {@code to} on
   */
  void widen(byte[] b, int at, float[] out, int to) {
    switch (this) {
      case F32 ->
          out[to] =
              Float.intBitsToFloat(
                  u(b, at) | (u(b, at + 1) << 8) | (u(b, at + 2) << 16) | (u(b, at + 3) << 24));
      case F16 -> out[to] = half(b, at);
      case BF16 -> out[to] = HalfFloats.fromBfloat16((short) (u(b, at) | (u(b, at + 1) << 8)));
      case Q8_0 -> {
        float d = half(b, at);
        for (int i = 0; i < elements; i++) {
          out[to + i] = b[at + 2 + i] * d;
        }
      }
      case Q4_0, Q4_1 -> four(b, at, out, to);
      case Q5_0, Q5_1 -> five(b, at, out, to);
      case Q2_K -> twoK(b, at, out, to);
      case Q3_K -> threeK(b, at, out, to);
      case Q4_K, Q5_K -> fourOrFiveK(b, at, out, to);
      case Q6_K -> sixK(b, at, out, to);
    }
  }

  /** The low half of 16 bytes is the first 16 numbers, the high half the others. */
  private static int nibble(byte[] b, int at, int i) {
    return i < 16 ? u(b, at + i) & NIBBLE : u(b, at + i - 16) >> 4;
  }

  private void four(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    float m = this == Q4_1 ? half(b, at + 2) : 0;
    for (int i = 0; i < elements; i++) {
      out[to + i] = this == Q4_1 ? d * nibble(b, at + 4, i) + m : d * (nibble(b, at + 2, i) - 8);
    }
  }

  private void five(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    float m = this == Q5_1 ? half(b, at + 2) : 0;
    int high = at + (this == Q5_1 ? 4 : 2);
    for (int i = 0; i < elements; i++) {
      int q = nibble(b, high + 4, i) | (((u(b, high + i / 8) >> (i % 8)) & 1) << 4);
      out[to + i] = this == Q5_1 ? d * q + m : d * (q - 16);
    }
  }

  /** 16 bytes of scales and minima, 64 of numbers with 2 bits, two scales of those. */
  private void twoK(byte[] b, int at, float[] out, int to) {
    float d = half(b, at + 80);
    float min = half(b, at + 82);
    for (int i = 0; i < elements; i++) {
      int scale = u(b, at + i / 16);
      out[to + i] = d * (scale & NIBBLE) * twoBits(b, at + 16, i) - min * (scale >> 4);
    }
  }

  /** 32 bytes of high bits, 64 of low pairs of bits, 12 of scales with 6 bits, their scale. */
  private void threeK(byte[] b, int at, float[] out, int to) {
    float d = half(b, at + 108);
    for (int i = 0; i < elements; i++) {
      int s = i / 16;
      int low = (u(b, at + 96 + s % 8) >> (s / 8 * 4)) & NIBBLE;
      int high = (u(b, at + 104 + s % 4) >> (s / 4 * 2)) & 3;
      int q = twoBits(b, at + 32, i) - (bit(b, at, i) == 0 ? 4 : 0);
      out[to + i] = d * ((low | (high << 4)) - 32) * q;
    }
  }

  /** Two scales, 12 bytes of scales and minima with 6 bits, maybe 32 of high bits, 128 of low. */
  private void fourOrFiveK(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    float min = half(b, at + 2);
    int numbers = at + (this == Q5_K ? 48 : 16);
    for (int i = 0; i < elements; i++) {
      int s = i / 32;
      int q = (u(b, numbers + i / 64 * 32 + i % 32) >> (i / 32 % 2 * 4)) & NIBBLE;
      if (this == Q5_K) {
        q |= bit(b, at + 16, i) << 4;
      }
      out[to + i] = d * sixBits(b, at + 4, s, 0) * q - min * sixBits(b, at + 4, s, 4);
    }
  }

  /** The first four of eight numbers lie by themselves, the others in what is left over. */
  private static int sixBits(byte[] b, int at, int s, int first) {
    if (s < 4) {
      return u(b, at + first + s) & 0x3F;
    }
    int low = first == 0 ? u(b, at + 4 + s) & NIBBLE : u(b, at + 4 + s) >> 4;
    return low | ((u(b, at + first + s - 4) >> 2) & 0x30);
  }

  /** 128 bytes of low halves, 64 of high pairs of bits, 16 scales, their scale. */
  private void sixK(byte[] b, int at, float[] out, int to) {
    float d = half(b, at + 208);
    for (int i = 0; i < elements; i++) {
      int low = (u(b, at + i / 128 * 64 + i % 64) >> (i / 64 % 2 * 4)) & NIBBLE;
      int q = (low | (twoBits(b, at + 128, i) << 4)) - 32;
      out[to + i] = d * b[at + 192 + i / 16] * q;
    }
  }

  /** Of 32 bytes first the lowest pairs of bits, then the next ones. */
  private static int twoBits(byte[] b, int at, int i) {
    return (u(b, at + i / 128 * 32 + i % 32) >> (i / 32 % 4 * 2)) & 3;
  }

  /** Of 32 bytes first the lowest bits, then the next ones. */
  private static int bit(byte[] b, int at, int i) {
    return (u(b, at + i % 32) >> (i / 32)) & 1;
  }

  private static float half(byte[] b, int at) {
    return HalfFloats.fromFloat16((short) (u(b, at) | (u(b, at + 1) << 8)));
  }

  private static int u(byte[] b, int at) {
    return b[at] & 0xFF;
  }
}
