/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * SentencePiece's compiled normalization rules, the {@code precompiled_charsmap} of a
 * tokenizer.json: a little-endian size in bytes, a double-array trie (Aoe, 1989) over UTF-8 whose
 * leaves are offsets, and the replacements as UTF-8 strings that end in a zero byte. The native
 * library follows the trie without looking where it leads, so every way through it is walked here
 * first.
 */
// Compared by nobody, so that the array does no harm.
@SuppressWarnings("ArrayRecordComponent")
record PrecompiledCharsMap(int[] units, byte[] replacements) {

  /** Real ones have some hundred thousand units. */
  private static final int MAX_UNITS = 4 << 20;

  /**
   * Checks a map.
   *
   * @param base64 as it stands in the file
   * @throws TokenizerFormatException if looking up some text would leave its bounds
   */
  static void require(String base64, Path file) throws TokenizerFormatException {
    try {
      ByteBuffer bytes =
          ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
      long size = bytes.remaining() < 4 ? -1 : Integer.toUnsignedLong(bytes.getInt());
      if (size < 4 || size % 4 != 0 || size > bytes.remaining() || size / 4 > MAX_UNITS) {
        throw new IllegalArgumentException("its trie has a wrong size");
      }
      int[] units = new int[(int) (size / 4)];
      bytes.asIntBuffer().get(units);
      bytes.position(bytes.position() + (int) size);
      StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate());
      byte[] replacements = new byte[bytes.remaining()];
      bytes.get(replacements);
      new PrecompiledCharsMap(units, replacements).walk();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw new TokenizerFormatException(
          file, "normalizer Precompiled is damaged: " + e.getMessage(), e);
    }
  }

  /** Goes through every place of the trie that some text can lead to. */
  private void walk() {
    BitSet seen = new BitSet(units.length);
    Deque<Integer> places = new ArrayDeque<>();
    enter(offset(units[0]), seen, places);
    while (!places.isEmpty()) {
      int place = places.pop();
      for (int label = 1; label < 256; label++) {
        int unit = units[place ^ label];
        if ((unit & 0x8000_00FF) == label) {
          int child = place ^ label ^ offset(unit);
          enter(child, seen, places);
          if ((unit >>> 8 & 1) == 1) {
            requireReplacement(units[child] & 0x7FFF_FFFF);
          }
        }
      }
    }
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }

  /** A lookup may go from a place to any of the 256 that differ in the last byte only. */
  private void enter(int place, BitSet seen, Deque<Integer> places) {
    if (place < 0 || (place | 0xFF) >= units.length) {
      throw new IllegalArgumentException("its trie leads out of itself");
    }
    if (!seen.get(place)) {
      seen.set(place);
      places.push(place);
    }
  }

  private void requireReplacement(int start) {
    boolean inside = start <= replacements.length;
    if (!inside || (start < replacements.length && (replacements[start] & 0xC0) == 0x80)) {
      throw new IllegalArgumentException("a leaf of its trie names no replacement");
    }
  }
}
