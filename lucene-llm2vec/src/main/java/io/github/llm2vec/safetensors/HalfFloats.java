/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

/**
 * Conversions between single precision and the two 16-bit formats; Java has none of its own before
 * release 20. Narrowing rounds to nearest, ties to even, as PyTorch does.
 */
public final class HalfFloats {

  private static final int FLOAT_INFINITY = 0x7f800000;

  private HalfFloats() {}

  /** Widens a bfloat16, the upper half of a single; exact. */
  public static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Widens an IEEE 754 half: 1 sign bit, 5 of exponent (bias 15), 10 of fraction; exact. */
  public static float fromFloat16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >>> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0) {
      // Zero and subnormals: fraction * 2^-24 is an ordinary single.
      float magnitude = fraction * 0x1p-24f;
      return Float.intBitsToFloat(sign | Float.floatToRawIntBits(magnitude));
    }
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | FLOAT_INFINITY | (fraction << 13));
    }
    return Float.intBitsToFloat(sign | ((exponent + 127 - 15) << 23) | (fraction << 13));
  }

  /** Narrows to bfloat16. */
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Narrows to an IEEE 754 half; what is too large becomes infinite. */
  public static short toFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > FLOAT_INFINITY) {
      return (short) (sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff));
    }
    if (magnitude >= 0x477ff000) { // 65520, the tie between the largest half and 2^16
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x38800000) { // 2^-14, the smallest normal half
      // Adding 0.5 leaves value / 2^-24 in the fraction, rounded by the adder to even.
      int aligned = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f);
      return (short) (sign | (aligned - 0x3f000000));
    }
    int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return (short) (sign | ((rounded >>> 13) - ((127 - 15) << 10)));
  }
}
