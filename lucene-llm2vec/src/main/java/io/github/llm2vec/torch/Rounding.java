/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/** Rounds single precision to a shorter format and back, to nearest with ties to even. */
final class Rounding {

  private Rounding() {}

  /** The bfloat16 number nearest to a finite value. */
  static float toBFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x7FFF + ((bits >>> 16) & 1);
    return Float.intBitsToFloat(rounded & 0xFFFF0000);
  }

  /** The half-precision number nearest to a value in half precision's normal range. */
  static float toFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x0FFF + ((bits >>> 13) & 1);
    return Float.intBitsToFloat(rounded & 0xFFFFE000);
  }
}
