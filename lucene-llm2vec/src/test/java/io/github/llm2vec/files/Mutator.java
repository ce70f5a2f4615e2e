/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages bytes at random: noise, and pieces of JSON where they do not belong. */
public final class Mutator {

  private static final List<String> TOKENS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          "\"",
          ":",
          ",",
          "\\",
          "null",
          "true",
          "-1",
          "0",
          "1e999",
          "-0.0",
          "NaN",
          "4294967296",
          "9223372036854775807",
          "-9223372036854775808",
          "1099511627776",
          "99999999999999999999999",
          "0.5",
          "\"\"",
          "[]",
          "{}",
          "[[[[[[[[",
          "{\"a\":",
          "\u0000",
          "../../x",
          "\"F16\"",
          "\"I64\"",
          "\"shape\":[0]",
          "\"linear\"",
          "\"dynamic\"",
          "\ud83d\ude00");

  private final Random random;

  public Mutator(Random random) {
    this.random = random;
  }

  /** A damaged copy. */
  public byte[] mutate(byte[] original) {
    byte[] bytes = original;
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      bytes = once(bytes);
    }
    return bytes;
  }

  private byte[] once(byte[] bytes) {
    int from = random.nextInt(bytes.length + 1);
    int to = Math.min(bytes.length, from + random.nextInt(12));
    switch (random.nextInt(6)) {
      case 0 -> {
        byte[] copy = bytes.clone();
        if (from < copy.length) {
          copy[from] ^= (byte) (1 << random.nextInt(8));
        }
        return copy;
      }
      case 1 -> {
        byte[] noise = new byte[random.nextInt(8)];
        random.nextBytes(noise);
        return replaced(bytes, from, to, noise);
      }
      case 2 -> {
        return replaced(bytes, from, to, new byte[0]);
      }
      case 3 -> {
        return replaced(bytes, from, from, Arrays.copyOfRange(bytes, from, to));
      }
      case 4 -> {
        return replaced(bytes, from, from, token());
      }
      default -> {
        return replaceNumber(bytes, from);
      }
    }
  }

  /** Puts something in place of the next number, which keeps the JSON valid most of the time. */
  private byte[] replaceNumber(byte[] bytes, int from) {
    int start = from;
    while (start < bytes.length && !(bytes[start] >= '0' && bytes[start] <= '9')) {
      start++;
    }
    int end = start;
    while (end < bytes.length && bytes[end] >= '0' && bytes[end] <= '9') {
      end++;
    }
    return replaced(bytes, start, end, token());
  }

  private byte[] token() {
    return TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
    byte[] result = new byte[bytes.length - (to - from) + by.length];
    System.arraycopy(bytes, 0, result, 0, from);
    System.arraycopy(by, 0, result, from, by.length);
    System.arraycopy(bytes, to, result, from + by.length, bytes.length - to);
    return result;
  }
}
