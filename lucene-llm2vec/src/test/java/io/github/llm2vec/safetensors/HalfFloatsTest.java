/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {

  /** IEEE 754-2008, table 3.5: every one of the 2^16 patterns. */
  @Test
  void widensEveryHalf() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      int exponent = (bits >> 10) & 31;
      double fraction = (bits & 1023) / 1024.0;
      double sign = bits >> 15 == 0 ? 1 : -1;
      float actual = HalfFloats.fromFloat16((short) bits);
      if (exponent == 31 && fraction > 0) {
        assertTrue(Float.isNaN(actual));
      } else {
        double expected =
            exponent == 31
                ? Double.POSITIVE_INFINITY
                : exponent == 0
                    ? Math.scalb(fraction, -14)
                    : Math.scalb(1 + fraction, exponent - 15);
        assertEquals((float) (sign * expected), actual, Integer.toHexString(bits));
        assertEquals((short) bits, HalfFloats.toFloat16(actual), Integer.toHexString(bits));
      }
    }
  }

  @Test
  void keepsEveryBrainFloat() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = HalfFloats.fromBfloat16((short) bits);
      assertEquals(bits << 16, Float.floatToRawIntBits(value));
      if (!Float.isNaN(value)) {
        assertEquals((short) bits, HalfFloats.toBfloat16(value));
      }
    }
  }

  @Test
  void keepsNotANumber() {
    assertTrue(Float.isNaN(HalfFloats.fromFloat16(HalfFloats.toFloat16(Float.NaN))));
    float quiet = Float.intBitsToFloat(0x7f800001);
    assertTrue(Float.isNaN(HalfFloats.fromFloat16(HalfFloats.toFloat16(quiet))));
    assertTrue(Float.isNaN(HalfFloats.fromBfloat16(HalfFloats.toBfloat16(quiet))));
  }
}
