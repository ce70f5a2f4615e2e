/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.convert;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A tokenizer file of llama2.c: the length of the longest piece, then per piece its score, its
 * length and its bytes. It is a SentencePiece BPE vocabulary with byte fallback: ids 0 to 2 are
 * unknown, begin and end, 3 to 258 the bytes, and of two possible merges the one with the higher
 * score comes first.
 *
 * @param pieces by id, with real blanks where SentencePiece has U+2581
 */
record Llama2cVocabulary(List<Piece> pieces) {

  /** The first id that is neither special nor a byte. */
  static final int FIRST_PIECE = 3 + 256;

  /**
   * One entry.
   *
   * @param text the characters it stands for
   * @param score higher merges first
   */
  record Piece(String text, float score) {}

  Llama2cVocabulary {
    pieces = List.copyOf(pieces);
  }

  /**
   * Reads a file.
   *
   * @param size number of pieces, which only the checkpoint tells
   * @throws IOException if the file does not hold exactly so many, or bytes are not where they
   *     should be
   */
  static Llama2cVocabulary read(Path file, int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Piece> pieces = new ArrayList<>();
    try {
      int longest = bytes.getInt();
      while (bytes.hasRemaining()) {
        float score = bytes.getFloat();
        int length = bytes.getInt();
        if (length < 0 || length > longest) {
          throw new IOException(
              file + ": piece " + pieces.size() + " has length " + length + ", at most " + longest);
        }
        byte[] text = new byte[length];
        bytes.get(text);
        pieces.add(new Piece(new String(text, StandardCharsets.UTF_8), score));
      }
    } catch (BufferUnderflowException e) {
      throw new IOException(file + " ends within piece " + pieces.size(), e);
    }
    if (pieces.size() != size) {
      throw new IOException(
          file + " has " + pieces.size() + " pieces, the checkpoint's vocabulary " + size);
    }
    for (int b = 0; b < 256 && b + 3 < size; b++) {
      if (!byteName(b).equals(pieces.get(b + 3).text())) {
        throw new IOException(
            file
                + ": id "
                + (b + 3)
                + " should be "
                + byteName(b)
                + " but is '"
                + pieces.get(b + 3).text()
                + "'; only SentencePiece vocabularies with byte fallback are converted");
      }
    }
    return new Llama2cVocabulary(pieces);
  }

  /** How SentencePiece names a byte. */
  static String byteName(int value) {
    return String.format("<0x%02X>", value);
  }
}
