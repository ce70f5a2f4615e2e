/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import java.util.Arrays;

/**
 * The printable character that stands for each byte in the files of byte-level tokenizers, as GPT-2
 * has it: a byte that prints in Latin-1 stands for itself, the others follow from U+0100.
 */
final class ByteAlphabet {

  /** Number of bytes, and of tokens before anything is merged. */
  static final int SIZE = 256;

  private static final int FIRST_STAND_IN = 0x100;

  /** By byte. */
  private final char[] characters = new char[SIZE];

  /** By byte; ids follow the order of the characters. */
  private final int[] ids = new int[SIZE];

  ByteAlphabet() {
    int standIn = FIRST_STAND_IN;
    for (int value = 0; value < SIZE; value++) {
      characters[value] = prints(value) ? (char) value : (char) standIn++;
    }
    char[] sorted = characters.clone();
    Arrays.sort(sorted);
    for (int value = 0; value < SIZE; value++) {
      ids[value] = Arrays.binarySearch(sorted, characters[value]);
    }
  }

  private static boolean prints(int value) {
    return (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
  }

  /** The character of a byte, 0 to 255. */
  char character(int value) {
    return characters[value];
  }

  /** The id of a byte, 0 to 255. */
  int id(int value) {
    return ids[value];
  }
}
